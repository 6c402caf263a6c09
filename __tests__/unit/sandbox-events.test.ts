import { createRequire } from 'node:module'
import { describe, expect, test } from '@jest/globals'
import { buildEvent, type EventSettings, type OwnEvent, type RepositoryContext } from '../../sandbox/runner/index.ts'

const repository: RepositoryContext = {
  fullName: 'octo/demo',
  id: 700_000_000,
  defaultBranch: 'main',
  private: false,
  serverUrl: 'https://github.com',
}
const build = (settings: EventSettings) => buildEvent(settings, repository)
const TIP = /^c0ffee/
const MERGE = /^fe46e/
const BASE = /^ba5e/

// Ref and sha as the table of "Events that trigger workflows" has them, event by event.
const SEEN: [settings: OwnEvent, ref: string | RegExp, sha: RegExp, payload: object][] = [
  [{ name: 'push', branch: 'dev' }, 'refs/heads/dev', TIP, { ref: 'refs/heads/dev', deleted: false, created: true }],
  [
    { name: 'push', branch: 'dev', forced: true, before: 'a1' },
    'refs/heads/dev',
    TIP,
    { forced: true, created: false },
  ],
  [{ name: 'push', tag: 'v1' }, 'refs/tags/v1', TIP, { ref: 'refs/tags/v1', commits: [] }],
  [
    { name: 'push', branch: 'dev', deleted: true },
    'refs/heads/main',
    TIP,
    { ref: 'refs/heads/dev', deleted: true, after: '0'.repeat(40), head_commit: null, commits: [] },
  ],
  [{ name: 'workflow_dispatch', branch: 'dev', inputs: { a: 'b' } }, 'refs/heads/dev', TIP, { inputs: { a: 'b' } }],
  [{ name: 'create', ref: 'dev' }, 'refs/heads/dev', TIP, { ref: 'dev', ref_type: 'branch', master_branch: 'main' }],
  [{ name: 'create', ref: 'v1', refType: 'tag' }, 'refs/tags/v1', TIP, { ref: 'v1', ref_type: 'tag' }],
  [{ name: 'delete', ref: 'gone' }, 'refs/heads/main', TIP, { ref: 'gone', ref_type: 'branch' }],
  [
    { name: 'merge_group', number: 7 },
    /^refs\/heads\/gh-readonly-queue\/main\/pr-7-/,
    MERGE,
    { action: 'checks_requested' },
  ],
  [
    { name: 'merge_group', number: 7, action: 'destroyed', reason: 'dequeued' },
    /^refs\/heads\/gh-readonly-queue\/main\/pr-7-/,
    MERGE,
    { action: 'destroyed', reason: 'dequeued' },
  ],
  ...['published', 'created', 'released', 'prereleased', 'edited', 'deleted'].map((action) => {
    const release = { tag_name: 'v1.2.3', draft: false, prerelease: action === 'prereleased' }
    const settings: OwnEvent = { name: 'release', tag: 'v1.2.3', action }
    return [settings, 'refs/tags/v1.2.3', TIP, { action, release }] as (typeof SEEN)[number]
  }),
  [
    { name: 'repository_dispatch', type: 'refresh', payload: { a: 1 } },
    'refs/heads/main',
    TIP,
    { client_payload: { a: 1 } },
  ],
  [
    { name: 'issue_comment', number: 7 },
    'refs/heads/main',
    TIP,
    { issue: { number: 7, state: 'open', pull_request: {} } },
  ],
  [
    { name: 'issue_comment', number: 7, action: 'edited', state: 'closed', body: '/db', author: 'ann', actor: 'bob' },
    'refs/heads/main',
    TIP,
    {
      action: 'edited',
      issue: { state: 'closed', user: { login: 'ann' } },
      comment: { body: '/db', user: { login: 'bob' } },
      sender: { login: 'bob' },
    },
  ],
  [{ name: 'deployment' }, '', TIP, { deployment: { ref: expect.stringMatching(TIP), environment: 'Preview' } }],
  [
    { name: 'deployment_status', branch: 'dev', environment: 'Production', state: 'failure', actor: 'ann' },
    'refs/heads/dev',
    TIP,
    { deployment: { ref: 'dev' }, deployment_status: { state: 'failure', environment: 'Production' } },
  ],
  [{ name: 'deployment_status' }, '', TIP, { deployment_status: { state: 'success' }, sender: { type: 'Bot' } }],
  [
    { name: 'workflow_run', workflow: 'Tests', headBranch: 'dev', pullRequests: [7] },
    'refs/heads/main',
    TIP,
    {
      action: 'completed',
      workflow_run: { conclusion: 'success', head_branch: 'dev', pull_requests: [{ number: 7 }] },
    },
  ],
  [
    { name: 'workflow_run', action: 'requested' },
    'refs/heads/main',
    TIP,
    { workflow_run: { status: 'queued', conclusion: null } },
  ],
  [
    { name: 'pull_request_review', number: 7 },
    'refs/pull/7/merge',
    MERGE,
    { action: 'submitted', review: { state: 'approved' }, pull_request: { number: 7, state: 'open' } },
  ],
  [
    { name: 'pull_request', action: 'closed', number: 7 },
    'refs/pull/7/merge',
    MERGE,
    { pull_request: { state: 'closed' } },
  ],
  [
    { name: 'pull_request', action: 'closed', number: 7, merged: true, baseRef: 'dev' },
    'refs/heads/dev',
    MERGE,
    { pull_request: { state: 'closed', merged: true } },
  ],
  [
    { name: 'pull_request', action: 'labeled', number: 7, state: 'closed', label: 'db' },
    'refs/pull/7/merge',
    MERGE,
    { label: { name: 'db' }, pull_request: { state: 'closed', labels: [{ name: 'db' }] } },
  ],
  [
    { name: 'pull_request', action: 'unlabeled', number: 7, label: 'db', labels: ['other'] },
    'refs/pull/7/merge',
    MERGE,
    { label: { name: 'db' }, pull_request: { labels: [{ name: 'other' }] } },
  ],
  [
    { name: 'pull_request', action: 'converted_to_draft', number: 7 },
    'refs/pull/7/merge',
    MERGE,
    { pull_request: { draft: true } },
  ],
  [
    { name: 'pull_request', action: 'ready_for_review', number: 7 },
    'refs/pull/7/merge',
    MERGE,
    { pull_request: { draft: false } },
  ],
  [{ name: 'pull_request_target', action: 'opened', number: 7 }, 'refs/heads/main', BASE, {}],
  [{ name: 'pull_request_target', action: 'opened', number: 7, baseRef: 'dev' }, 'refs/heads/main', TIP, {}],
]

describe('what a run sees of an event', () => {
  test.each(SEEN)('%j', (settings, ref, sha, payload) => {
    const event = build(settings)
    expect(event).toMatchObject({ name: settings.name, payload })
    expect(event.ref).toEqual(typeof ref === 'string' ? ref : expect.stringMatching(ref))
    expect(event.sha).toMatch(sha)
    const pull = settings.name === 'pull_request' || settings.name === 'pull_request_target'
    expect([event.headRef, event.baseRef].every((name) => (name === '') === !pull)).toBe(true)
  })

  test('a called workflow sees the event of its caller', () => {
    const caller: OwnEvent = { name: 'pull_request', action: 'opened', number: 7 }
    expect(build({ name: 'workflow_call', caller })).toEqual(build(caller))
  })

  test('a comment on an issue has no pull request, one on a pull request has', () => {
    const issueOf = (onIssue: boolean) => {
      const { payload } = build({ name: 'issue_comment', number: 7, onIssue })
      return payload.issue as { pull_request?: unknown; html_url: string }
    }
    expect(issueOf(true)).not.toHaveProperty('pull_request')
    expect(issueOf(true).html_url).toMatch(/\/issues\/7$/)
    expect(issueOf(false)).toHaveProperty('pull_request')
  })
})

interface Webhook {
  name: string
  examples: unknown[]
}
const webhooks = createRequire(import.meta.url)('@octokit/webhooks-examples') as Webhook[]

/** Every path of a value with the kind of what is there; all entries of a list share one path. */
function kindsOf(value: unknown, path = '', found = new Map<string, Set<string>>()): Map<string, Set<string>> {
  const kind = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
  found.set(path, (found.get(path) ?? new Set()).add(kind))
  if (Array.isArray(value)) for (const entry of value) kindsOf(entry, `${path}[]`, found)
  else if (kind === 'object') {
    for (const [key, entry] of Object.entries(value as object)) kindsOf(entry, `${path}.${key}`, found)
  }
  return found
}

// What GitHub documents for actions of which there is no example, or where all examples are empty.
const WITHOUT_EXAMPLE = [
  'merge_group .reason',
  'issue_comment .issue.closed_at',
  'issue_comment .issue.pull_request',
  'pull_request .changes',
  'pull_request .milestone',
  'pull_request .reason',
  'pull_request .pull_request.merged_at',
  'pull_request_review .review.body',
  'workflow_run .workflow_run.pull_requests[]',
  'repository_dispatch .client_payload',
  'workflow_dispatch .inputs',
]
const PULL_ACTIONS = [
  ...['assigned', 'unassigned', 'labeled', 'unlabeled', 'opened', 'edited', 'closed', 'reopened', 'synchronize'],
  ...['converted_to_draft', 'ready_for_review', 'locked', 'unlocked', 'milestoned', 'demilestoned', 'enqueued'],
  ...['dequeued', 'review_requested', 'review_request_removed', 'auto_merge_enabled', 'auto_merge_disabled'],
] as const

describe('what our payloads hold stands at the same place, and is of the same kind, in examples of the real ones', () => {
  const pulls = PULL_ACTIONS.map((action): OwnEvent => ({ name: 'pull_request', action, number: 7, labels: ['db'] }))
  const ours = [...SEEN.map(([settings]) => settings), ...pulls]
  const names = [...new Set(ours.map(({ name }) => name))]

  test.each(names)('%s', (name) => {
    const real = name === 'pull_request_target' ? 'pull_request' : name
    const examples = webhooks.find((webhook) => webhook.name === real)?.examples ?? []
    expect(examples.length).toBeGreaterThan(0)
    const known = new Map<string, Set<string>>()
    for (const example of examples) kindsOf(example, '', known)
    const wrong = new Set<string>()
    for (const settings of ours.filter((one) => one.name === name)) {
      for (const [path, kinds] of kindsOf(build(settings).payload)) {
        const place = `${real} ${path}`
        if (WITHOUT_EXAMPLE.some((allowed) => place.startsWith(allowed))) continue
        for (const kind of kinds) if (!known.get(path)?.has(kind)) wrong.add(`${place} is ${kind}`)
      }
    }
    expect([...wrong]).toEqual([])
  })
})

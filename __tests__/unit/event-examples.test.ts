import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Event, readEvent } from '../../src/event.ts'
import { readPayload } from '../../src/event-file.ts'
import type { Config } from '../../src/inputs/index.ts'
import { planRun, reasonToSkip } from '../../src/plan.ts'
import { ActionError } from '../../src/runtime/errors.ts'
import { configOf } from '../support/inputs.ts'

type Payload = Record<string, unknown> & { action?: string; ref?: string }
const examples = createRequire(import.meta.url)('@octokit/webhooks-examples') as { name: string; examples: Payload[] }[]
const all = examples.flatMap(({ name, examples: payloads }) => payloads.map((payload) => ({ name, payload })))

/** What the README's table and docs/troubleshooting.md say of an event: a mode with its branch, or why nothing is done. */
const DECISIONS: Record<string, RegExp> = {
  ...Object.fromEntries(
    [
      ...['opened', 'reopened', 'synchronize', 'labeled', 'unlabeled', 'assigned', 'unassigned', 'locked', 'unlocked'],
      ...['converted_to_draft', 'ready_for_review', 'review_requested', 'review_request_removed'],
    ].map((action) => [`pull_request.${action}`, /^preview pr-2$/]),
  ),
  'pull_request.closed': /^cleanup pr-2$/,
  push: /^provision $/,
  'push that deleted': /^skip The push deleted refs\/tags\/simple-tag\.$/,
  delete: /^skip A tag was deleted \(simple-tag\); tags have no branch\.$/,
  'release.published': /^provision $/,
  ...Object.fromEntries(
    ['created', 'deleted', 'edited', 'prereleased', 'released'].map((action) => [
      `release.${action}`,
      new RegExp(`^skip The release was ${action}, not published\\. Only a published release provisions\\.$`),
    ]),
  ),
  'merge_group.checks_requested': /^preview queue-c0ffee00$/,
  workflow_dispatch: /^provision $/,
  'repository_dispatch.on-demand-test': /^provision $/,
}
const OTHERS = (name: string) =>
  new RegExp(`^error Input mode is 'auto', and the event '${name}' says nothing about what to do\\.$`)

const folder = mkdtempSync(join(tmpdir(), 'events-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The environment of a job that an event starts, as the table of "Events that trigger workflows" has it. */
function environmentOf({ name, payload }: (typeof all)[number]): NodeJS.ProcessEnv {
  const path = join(folder, 'event.json')
  writeFileSync(path, JSON.stringify(payload))
  const repository = payload.repository as { full_name?: string; default_branch?: string } | undefined
  const { number } = (payload.pull_request ?? {}) as { number?: number }
  const release = payload.release as { tag_name?: string } | undefined
  const refs: Record<string, string | undefined> = {
    push: payload.deleted === true ? undefined : payload.ref,
    release: `refs/tags/${release?.tag_name}`,
    pull_request: `refs/pull/${number}/merge`,
  }
  return {
    GITHUB_EVENT_NAME: name,
    GITHUB_EVENT_PATH: path,
    GITHUB_REPOSITORY: repository?.full_name ?? 'octo/demo',
    GITHUB_REF: refs[name] ?? `refs/heads/${repository?.default_branch ?? 'main'}`,
    GITHUB_SHA: 'c0ffee'.padEnd(40, '0'),
    GITHUB_ACTOR: (payload.sender as { login?: string } | undefined)?.login ?? '',
  }
}

function eventOf(example: (typeof all)[number]): Event {
  const env = environmentOf(example)
  return readEvent(env, readPayload(env))
}

const INPUTS = { files: { schema: 'db' }, named: { schema: 'db', branch_name: 'staging' }, nothing: {} }
const configs = new Map<object, Config>()
beforeAll(async () => {
  for (const inputs of Object.values(INPUTS)) configs.set(inputs, await configOf(inputs))
})

function configFor(inputs: object): Config {
  const config = configs.get(inputs)
  if (!config) throw new Error('These inputs are not among those that are read before.')
  return config
}

/** What a run of this event does: `mode branch`, `skip why`, or `error text`; every other end is a crash. */
function decide(event: Event, inputs: object): string {
  try {
    const skip = reasonToSkip({ given: true, onMissing: 'fail' }, event)
    if (skip) return `skip ${skip}`
    const plan = planRun(configFor(inputs), event)
    return plan.kind === 'skip' ? `skip ${plan.reason}` : `${plan.mode} ${plan.branchName}`
  } catch (error) {
    if (error instanceof ActionError && error.advice !== '') return `error ${error.message}`
    throw error
  }
}

/** `release.published`; the deletion of a ref is a push too. */
function keyOf({ name, payload }: (typeof all)[number]): string {
  if (name === 'push' && payload.deleted === true) return 'push that deleted'
  return payload.action ? `${name}.${payload.action}` : name
}

describe('every example of a webhook that GitHub publishes', () => {
  test('is read, and decided as the documentation says, whatever else a workflow listens to', () => {
    const wrong = all.flatMap((example) => {
      const key = keyOf(example)
      const decision = decide(eventOf(example), INPUTS.files)
      return (DECISIONS[key] ?? OTHERS(example.name)).test(decision) ? [] : [`${key}: ${decision}`]
    })
    expect(wrong).toEqual([])
    expect(all.length).toBeGreaterThanOrEqual(300)
  })

  test('that stands in the table is among the examples', () => {
    const keys = new Set(all.map(keyOf))
    expect(Object.keys(DECISIONS).filter((key) => !keys.has(key))).toEqual([])
  })

  test('without what GitHub may leave out (a deleted fork, a deleted user, no repository) is read too', () => {
    for (const { name, payload } of all) {
      const pull = payload.pull_request as { head: object } | undefined
      const bare = {
        ...payload,
        ...{ sender: null, repository: null },
        ...(pull ? { pull_request: { ...pull, user: null, head: { ...pull.head, repo: null } } } : {}),
      }
      const event = eventOf({ name, payload: bare as Payload })
      expect(event.pullRequest?.fromFork ?? true).toBe(true)
      expect(decide(event, INPUTS.named)).toMatch(/^(provision|preview|cleanup) |^skip /)
    }
  })

  test('goes to one branch with branch_name, and never to the default one without a word', () => {
    for (const example of all) {
      const event = eventOf(example)
      expect(decide(event, INPUTS.named)).toMatch(/^(provision|preview|cleanup) (staging|)$|^skip /)
      // A step that asks for nothing does not touch the default branch.
      expect(decide(event, INPUTS.nothing)).toMatch(/^(preview|cleanup) |^skip |^error /)
    }
  })

  test('keeps numbers, branches and repositories apart', () => {
    const opened = all.find(({ name, payload }) => name === 'pull_request' && payload.action === 'opened')
    if (!opened) throw new Error('no pull request')
    const pull = opened.payload.pull_request as { number: number; head: { ref: string; sha: string } }
    expect(eventOf(opened)).toMatchObject({
      name: 'pull_request',
      action: 'opened',
      repository: (opened.payload.repository as { full_name: string }).full_name,
      pullRequest: {
        number: pull.number,
        headRef: pull.head.ref,
        headSha: pull.head.sha,
        fromFork: false,
        isClosed: false,
      },
    })
  })
})

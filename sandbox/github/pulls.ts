import type { Reply } from '../http/serve.ts'
import { demand, refuse } from './access.ts'
import type { Call } from './call.ts'
import { page } from './paging.ts'
import { pullDetails, pullShape } from './shapes.ts'
import type { Issue, Scope } from './world.ts'

const SCOPES: readonly Scope[] = ['pull-requests']

/**
 * `GET /repos/{owner}/{repo}/pulls`: newest first unless `sort` and `direction` say otherwise; `state` open unless given,
 * `head` as `owner:branch` (without an owner GitHub ignores it), `base` a branch.
 */
export function listPulls(call: Call): Reply {
  const { repository, caller, query, at } = call
  demand(caller, repository, 'read', SCOPES, '/pulls/pulls#list-pull-requests')
  const state = query.get('state') ?? 'open'
  const head = query.get('head') ?? ''
  const base = query.get('base')
  const found = [...repository.issues.values()].filter(
    (issue) =>
      issue.pull !== null &&
      (state === 'all' || issue.state === state) &&
      (!head.includes(':') || headLabel(issue) === head) &&
      (!base || issue.pull.baseRef === base),
  )
  const sort = query.get('sort') === 'updated' ? 'updatedAt' : 'createdAt'
  const ascending = query.get('direction') === 'asc'
  found.sort((a, b) => a[sort].localeCompare(b[sort]) || a.number - b.number)
  if (!ascending) found.reverse()
  return page(
    found.map((issue) => pullShape(repository, issue, at)),
    query,
    `${at.api}/repositories/${repository.id}/pulls`,
  )
}

/** `GET /repos/{owner}/{repo}/pulls/{number}`; the number of a plain issue is 404. */
export function getPull(call: Call): Reply {
  const { repository, caller, at } = call
  const documentation = '/pulls/pulls#get-a-pull-request'
  demand(caller, repository, 'read', SCOPES, documentation)
  const issue = repository.issues.get(Number(call.parameters.number))
  if (!issue?.pull) throw refuse(404, 'Not Found', { documentation })
  return { status: 200, body: { ...pullShape(repository, issue, at), ...pullDetails(issue, at) } }
}

function headLabel(issue: Issue): string {
  return `${issue.pull?.headRepository?.split('/')[0] ?? ''}:${issue.pull?.headRef ?? ''}`
}

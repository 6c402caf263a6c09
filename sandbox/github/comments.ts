import type { Reply } from '../http/serve.ts'
import { demand, Refusal, refuse } from './access.ts'
import type { Call } from './call.ts'
import { page } from './paging.ts'
import { refuseRest } from './refusals.ts'
import { commentShape } from './shapes.ts'
import { type Comment, type Issue, type Scope, timestamp } from './world.ts'

const DOCUMENTATION = '/issues/comments'
const LONGEST_BODY = 65_536

/** Either scope opens the comments of a pull request; those of a plain issue need `issues`. */
function scopesOf(issue: Issue): Scope[] {
  return issue.pull ? ['issues', 'pull-requests'] : ['issues']
}

/** `GET /repos/{owner}/{repo}/issues/{number}/comments`: oldest first, `since` filters by `updated_at`. */
export function listComments(call: Call): Reply {
  const { repository, caller, query, at } = call
  const issue = findIssue(call)
  demand(caller, repository, 'read', scopesOf(issue), `${DOCUMENTATION}#list-issue-comments`)
  const since = query.get('since')
  const comments = issue.comments.filter((comment) => !since || Date.parse(comment.updatedAt) >= Date.parse(since))
  return page(
    comments.map((comment) => commentShape(repository, issue, comment, at)),
    query,
    `${at.api}/repositories/${repository.id}/issues/${issue.number}/comments`,
  )
}

/** `POST /repos/{owner}/{repo}/issues/{number}/comments`. */
export function createComment(call: Call): Reply {
  const { repository, caller, world, at } = call
  const documentation = `${DOCUMENTATION}#create-an-issue-comment`
  const issue = findIssue(call)
  demand(caller, repository, 'write', scopesOf(issue), documentation)
  const body = readBody(call, documentation)
  if (issue.locked && caller.kind !== 'user') {
    throw refuse(403, 'Unable to create comment because issue is locked.', { documentation })
  }
  if (world.rates.tooMuchContent(world, caller)) {
    const told = { kind: caller.kind, id: caller.user.id, owner: repository.owner, requestId: '' }
    throw new Refusal(refuseRest({ name: 'content creation', status: 403, times: 1 }, told))
  }
  world.nextId += 1
  const now = timestamp(world)
  const comment: Comment = {
    id: world.nextId,
    body,
    user: caller.user,
    app: caller.app,
    createdAt: now,
    updatedAt: now,
  }
  issue.comments.push(comment)
  issue.updatedAt = now
  const shape = commentShape(repository, issue, comment, at)
  return { status: 201, body: shape, headers: { location: shape.url } }
}

/** `GET /repos/{owner}/{repo}/issues/comments/{id}`. */
export function getComment(call: Call): Reply {
  const { repository, caller, at } = call
  const { issue, comment } = findComment(call)
  demand(caller, repository, 'read', scopesOf(issue), `${DOCUMENTATION}#get-an-issue-comment`)
  return { status: 200, body: commentShape(repository, issue, comment, at) }
}

/** `PATCH /repos/{owner}/{repo}/issues/comments/{id}`: write access is enough, whoever the author is. */
export function updateComment(call: Call): Reply {
  const { repository, world, at } = call
  const documentation = `${DOCUMENTATION}#update-an-issue-comment`
  const { issue, comment } = findComment(call)
  demandChange(call, issue, comment, documentation)
  comment.body = readBody(call, documentation)
  comment.updatedAt = timestamp(world)
  issue.updatedAt = comment.updatedAt
  return { status: 200, body: commentShape(repository, issue, comment, at) }
}

/** `DELETE /repos/{owner}/{repo}/issues/comments/{id}`. */
export function deleteComment(call: Call): Reply {
  const { issue, comment } = findComment(call)
  demandChange(call, issue, comment, `${DOCUMENTATION}#delete-an-issue-comment`)
  issue.comments.splice(issue.comments.indexOf(comment), 1)
  return { status: 204 }
}

function demandChange(call: Call, issue: Issue, comment: Comment, documentation: string): void {
  const own = call.caller.kind === 'user' && call.caller.user.id === comment.user.id
  if (!own) demand(call.caller, call.repository, 'write', scopesOf(issue), documentation)
}

function readBody(call: Call, documentation: string): string {
  const { body } = call.readJson()
  if (typeof body !== 'string') throw refuse(422, 'Invalid request.\n\n"body" wasn\'t supplied.', { documentation })
  const problem =
    body.trim() === ''
      ? 'Body cannot be blank'
      : [...body].length > LONGEST_BODY
        ? `Body is too long (maximum is ${LONGEST_BODY} characters)`
        : undefined
  if (problem) {
    const errors = [{ resource: 'IssueComment', code: 'unprocessable', field: 'data', message: problem }]
    throw refuse(422, 'Validation Failed', { errors, documentation })
  }
  return body
}

function findIssue(call: Call): Issue {
  const issue = call.repository.issues.get(Number(call.parameters.number))
  if (!issue) throw refuse(404, 'Not Found', { documentation: DOCUMENTATION })
  return issue
}

function findComment(call: Call): { issue: Issue; comment: Comment } {
  const id = Number(call.parameters.id)
  for (const issue of call.repository.issues.values()) {
    const comment = issue.comments.find((candidate) => candidate.id === id)
    if (comment) return { issue, comment }
  }
  throw refuse(404, 'Not Found', { documentation: `${DOCUMENTATION}#get-an-issue-comment` })
}

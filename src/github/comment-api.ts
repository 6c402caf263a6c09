import type { Clean } from '../runtime/door.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { asking, type GitHubAccess, gitHubClient, UnreadableAnswer } from './client.ts'
import { whyFailed } from './failure.ts'
import { statusOf } from './limits.ts'

/** Where a comment goes, and the token that opens it. */
export interface CommentPlace extends GitHubAccess {
  owner: string
  repo: string
  pullRequest: number
}

/** A comment, as far as it is looked at. */
export interface Comment {
  id: number
  body?: string | undefined
  html_url: string
  user: { login: string; type: string } | null
}

/** The calls that writing a comment takes; {@link commentApi} makes them. */
export interface CommentApi {
  list(): Promise<Comment[]>
  login(): Promise<string | undefined>
  create(body: Clean): Promise<Comment>
  update(comment: Comment, body: Clean): Promise<'updated' | 'unchanged' | 'absent'>
  remove(comment: Comment): Promise<void>
}

const PER_PAGE = 100
const NO_CONTENT = 204
// Far more than GitHub shows; a server that answers the same page for ever must not keep the run.
const MOST_PAGES = 500

/**
 * The comments of a pull request through GitHub's REST API, each call with a time limit and the run's signal. A comment
 * that is gone is `absent` when it is updated and no error when it is removed; every other fault is thrown as Octokit
 * throws it. `login` answers undefined where GitHub does not tell.
 */
export function commentApi(runtime: Runtime, place: CommentPlace): CommentApi {
  const { octokit, request } = gitHubClient(runtime, place)
  const { owner, repo, pullRequest } = place
  const call = () => ({ owner, repo, request: request() })
  const { issues } = octokit.rest
  return {
    async list() {
      const comments: Comment[] = []
      for (let page = 1; page <= MOST_PAGES; page += 1) {
        const { data } = await issues.listComments({ ...call(), issue_number: pullRequest, per_page: PER_PAGE, page })
        if (!Array.isArray(data)) throw new UnreadableAnswer('list of comments')
        comments.push(...(data as Comment[]).filter(isComment))
        if (data.length < PER_PAGE) break
      }
      return comments
    },
    async login() {
      try {
        return await asking(runtime, {}, async () => {
          const answer = await octokit.graphql<Viewer>('query { viewer { login } }', { request: request() })
          const login = answer?.viewer?.login
          if (typeof login === 'string' && login !== '') return login
          throw new UnreadableAnswer('login')
        })
      } catch (error) {
        runtime.signal.throwIfAborted()
        runtime.log.debug(`The token's login is unknown: ${whyFailed(runtime, error)}`)
        return undefined
      }
    },
    async create(body) {
      const { data } = await issues.createComment({ ...call(), issue_number: pullRequest, body })
      if (!isComment(data)) throw new UnreadableAnswer('comment')
      return data
    },
    async update(comment, body) {
      if (sameText(comment.body ?? '', body)) return 'unchanged'
      return gone(async () => {
        const { data } = await issues.updateComment({ ...call(), comment_id: comment.id, body })
        if (!isComment(data)) throw new UnreadableAnswer('comment')
        return 'updated' as const
      })
    },
    async remove(comment) {
      await gone(async () => {
        const { status } = await issues.deleteComment({ ...call(), comment_id: comment.id })
        if (status !== NO_CONTENT) throw new UnreadableAnswer('word of the comment that was to be deleted')
        return 'updated' as const
      })
    },
  }
}

/** What GitHub answers, where it answers. */
type Viewer = { viewer?: { login?: unknown } } | undefined

function isComment(value: unknown): value is Comment {
  if (typeof value !== 'object' || value === null) return false
  const { id, html_url } = value as Partial<Comment>
  return typeof id === 'number' && typeof html_url === 'string'
}

async function gone(work: () => Promise<'updated'>): Promise<'updated' | 'absent'> {
  try {
    return await work()
  } catch (error) {
    if (statusOf(error) === 404) return 'absent'
    throw error
  }
}

/** GitHub may store other line ends and no white space at the end. */
function sameText(left: string, right: string): boolean {
  const normal = (text: string) => text.replaceAll('\r\n', '\n').trimEnd()
  return normal(left) === normal(right)
}

import type { Clean } from '../runtime/door.ts'
import { errorMessage } from '../runtime/errors.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { openGitHub } from './client.ts'
import { statusOf } from './failure.ts'

/** Where a comment goes, and the token that opens it. */
export interface CommentPlace {
  token: string
  /** `https://api.github.com`, or an Enterprise Server's `https://host/api/v3`. */
  apiUrl: string
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

const TIMEOUT = 30_000

/**
 * The comments of a pull request through GitHub's REST API, each call with a time limit and the run's signal. A comment
 * that is gone is `absent` when it is updated and no error when it is removed; every other fault is thrown as Octokit
 * throws it. `login` answers undefined where GitHub does not tell.
 */
export function commentApi(runtime: Runtime, place: CommentPlace): CommentApi {
  const octokit = openGitHub(runtime, place)
  const { owner, repo, pullRequest } = place
  const call = () => ({
    owner,
    repo,
    request: { signal: AbortSignal.any([runtime.signal, AbortSignal.timeout(TIMEOUT)]) },
  })
  const { issues } = octokit.rest
  return {
    list: () =>
      octokit.paginate(issues.listComments, { ...call(), issue_number: pullRequest, per_page: 100 }) as Promise<
        Comment[]
      >,
    async login() {
      try {
        const answer = await octokit.graphql<{ viewer: { login: string } }>('query { viewer { login } }', {
          request: call().request,
        })
        return answer.viewer.login
      } catch (error) {
        runtime.signal.throwIfAborted()
        runtime.log.debug(`The token's login is unknown: ${errorMessage(error)}`)
        return undefined
      }
    },
    create: async (body) =>
      (await issues.createComment({ ...call(), issue_number: pullRequest, body })).data as Comment,
    async update(comment, body) {
      if (sameText(comment.body ?? '', body)) return 'unchanged'
      return gone(async () => {
        await issues.updateComment({ ...call(), comment_id: comment.id, body })
        return 'updated' as const
      })
    },
    async remove(comment) {
      await gone(async () => {
        await issues.deleteComment({ ...call(), comment_id: comment.id })
        return 'updated' as const
      })
    },
  }
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

import { getOctokit } from '@actions/github'
import { errorMessage } from '../errors.ts'
import { backoff, retry } from '../retry.ts'
import type { Runtime } from '../runtime.ts'
import { compareMarkers, markerIn, mergeMarkers } from './marker.ts'

/** Where a comment goes and what it says. */
export interface CommentOptions {
  token: string
  /** `https://api.github.com`, or an Enterprise Server's `https://host/api/v3`. */
  apiUrl: string
  owner: string
  repo: string
  pullRequest: number
  /** From `commentMarker`; the comment is found by it. */
  marker: string
  /** The text, or what makes it from the comment that is there (null when there is none). */
  body: string | ((previous: string | null) => string)
  /** True: no comment is made where none is. */
  onlyIfExists?: boolean
}

/** What became of the comment. `forbidden` and `failed` have been told as a warning. */
export interface CommentResult {
  url: string | null
  action: 'created' | 'updated' | 'unchanged' | 'forbidden' | 'absent' | 'failed'
}

interface Comment {
  id: number
  body?: string | undefined
  html_url: string
  user: { login: string; type: string } | null
}

const TIMEOUT = 30_000
const ATTEMPTS = 4
const LONGEST_WAIT = 60_000

/**
 * Writes the one comment of a pull request: makes it, or updates ours when its text differs. Looks through all pages,
 * touches only comments of its own author, and leaves one when two runs made one each. A fault of GitHub becomes one
 * warning, never an error; only the signal's reason is thrown.
 */
export async function upsertComment(runtime: Runtime, options: CommentOptions): Promise<CommentResult> {
  if (options.body === '') return { url: null, action: 'absent' }
  if (!options.token) {
    runtime.log.warning('The pull request comment was not written: there is no token. Set the input github_token.')
    return { url: null, action: 'forbidden' }
  }
  runtime.secrets.add(options.token)
  try {
    // Every attempt begins by looking, so that a comment whose creation was not answered is found and not made twice.
    return await retry(
      { clock: runtime.clock, signal: runtime.signal, decide: (error, attempt) => waitFor(error, attempt, runtime) },
      () => upsert(runtime, options),
    )
  } catch (error) {
    runtime.signal.throwIfAborted()
    return explain(runtime, options, error)
  }
}

async function upsert(runtime: Runtime, options: CommentOptions): Promise<CommentResult> {
  const github = api(runtime, options)
  const all = await github.list()
  const marked = all.filter((comment) => compareMarkers(options.marker, markerIn(comment.body ?? '')) !== 'other')
  const login = marked.length > 0 ? await github.login() : undefined
  const found = choose(
    marked.filter((comment) => isOwn(comment, login)),
    options.marker,
  )
  const body = textFor(runtime, options, found[0])
  const [first, ...younger] = found
  if (!first) return options.onlyIfExists ? { url: null, action: 'absent' } : create(github, options, body)
  const action = await github.update(first, body)
  for (const twin of younger) await github.remove(twin)
  // Deleted by hand between the look and the write: it is made anew.
  if (action === 'absent') return options.onlyIfExists ? { url: null, action } : create(github, options, body)
  return { url: first.html_url, action }
}

/** Makes the comment; when another run was quicker, its older comment gets the text and ours goes. */
async function create(github: Api, options: CommentOptions, body: string): Promise<CommentResult> {
  const created = await github.create(body)
  const marker = markerIn(body) || options.marker
  const twins = (await github.list()).filter(
    (comment) => comment.user?.login === created.user?.login && markerIn(comment.body ?? '') === marker,
  )
  const oldest = twins.sort((a, b) => a.id - b.id)[0]
  if (!oldest || oldest.id >= created.id) return { url: created.html_url, action: 'created' }
  if ((await github.update(oldest, body)) === 'absent') return { url: created.html_url, action: 'created' }
  await github.remove(created)
  return { url: oldest.html_url, action: 'updated' }
}

/** The comments to keep (first) and to remove: those with just this marker, oldest first, else the only compatible one. */
function choose(own: Comment[], marker: string): Comment[] {
  const same = own.filter((comment) => markerIn(comment.body ?? '') === marker).sort((a, b) => a.id - b.id)
  if (same.length > 0) return same
  return own.length === 1 ? own : []
}

function textFor(runtime: Runtime, options: CommentOptions, found: Comment | undefined): string {
  const previous = found?.body ?? null
  const text = runtime.secrets.redact(typeof options.body === 'string' ? options.body : options.body(previous))
  const present = markerIn(text)
  const marker = mergeMarkers(options.marker, markerIn(previous ?? '') || options.marker)
  return present ? text.replace(present, marker) : `${marker}\n\n${text}`
}

/**
 * Whether a comment is ours. The token's login is asked for by GraphQL, because `GET /user` is closed to the tokens of
 * Actions; where that fails, any bot's comment with our marker counts, but never a person's.
 */
function isOwn(comment: Comment, login: string | undefined): boolean {
  const { user } = comment
  if (!user) return false
  if (login === undefined) return user.type === 'Bot'
  const bare = (name: string) => name.toLowerCase().replace(/\[bot\]$/, '')
  return user.login === login || (user.type === 'Bot' && bare(user.login) === bare(login))
}

interface Api {
  list(): Promise<Comment[]>
  login(): Promise<string | undefined>
  create(body: string): Promise<Comment>
  update(comment: Comment, body: string): Promise<'updated' | 'unchanged' | 'absent'>
  remove(comment: Comment): Promise<void>
}

/** The five calls, each with a time limit and the run's signal. */
function api(runtime: Runtime, options: CommentOptions): Api {
  const octokit = getOctokit(options.token, { baseUrl: options.apiUrl.replace(/\/+$/, '') })
  const { owner, repo, pullRequest } = options
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

function statusOf(error: unknown): number {
  return typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 0
}

function headerOf(error: unknown, name: string): string {
  const response = (error as { response?: { headers?: Record<string, string> } }).response
  return String(response?.headers?.[name] ?? '')
}

/** True for GitHub's rate limits, which it answers with 403 or 429 (manual: Rate limits for the REST API). */
function isRateLimit(error: unknown): boolean {
  const status = statusOf(error)
  if (status === 429) return true
  if (status !== 403) return false
  const spent = headerOf(error, 'x-ratelimit-remaining') === '0'
  return spent || headerOf(error, 'retry-after') !== '' || /rate limit|abuse/i.test(errorMessage(error))
}

function waitFor(error: unknown, attempt: number, runtime: Runtime): number | 'stop' {
  if (attempt >= ATTEMPTS) return 'stop'
  if (isRateLimit(error)) {
    const after = Number(headerOf(error, 'retry-after')) * 1000
    const reset = Number(headerOf(error, 'x-ratelimit-reset')) * 1000 - runtime.clock.now()
    const wait = after || (headerOf(error, 'x-ratelimit-remaining') === '0' ? reset : 0) || backoff(attempt, 1000, 8000)
    return wait > LONGEST_WAIT ? 'stop' : Math.max(0, wait)
  }
  const status = statusOf(error)
  // Octokit gives status 500 to network faults too; 0 is an abort by our own time limit.
  return status >= 500 || status === 0 ? backoff(attempt, 1000, 8000) : 'stop'
}

const PERMISSIONS = `Give the job these permissions:
permissions:
  contents: read
  pull-requests: write
On pull requests from forks and from Dependabot the token is read-only whatever the workflow says.`

function explain(runtime: Runtime, options: CommentOptions, error: unknown): CommentResult {
  const status = statusOf(error)
  const said = `${status > 0 ? `${status} ` : ''}${errorMessage(error)}`
  const where = `${options.owner}/${options.repo}#${options.pullRequest}`
  const start = `The comment on ${where} was not written: GitHub says "${said}".`
  const denied = (status === 403 || status === 404) && !isRateLimit(error) && !/locked|disabled|archived/i.test(said)
  if (denied) {
    runtime.log.warning(`${start} ${PERMISSIONS}`, { title: 'No permission to comment' })
    return { url: null, action: 'forbidden' }
  }
  runtime.log.warning(`${start} ${adviceFor(status, said)}`)
  return { url: null, action: status === 401 ? 'forbidden' : 'failed' }
}

function adviceFor(status: number, said: string): string {
  if (status === 401) return 'Check the input github_token; its default is the token of the job.'
  if (/locked/i.test(said)) return 'The conversation is locked; unlock it or set comment to false.'
  return 'The next run writes it; the job summary has the report.'
}

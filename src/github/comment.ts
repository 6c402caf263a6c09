import { byContract, type Clean, clean } from '../runtime/door.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { asking } from './client.ts'
import { type Comment, type CommentApi, type CommentPlace, commentApi } from './comment-api.ts'
import { compareMarkers, isSameProject, markerIn, mergeMarkers, splitMarker } from './comment-marker.ts'
import { warnOfFailure } from './failure.ts'

/** Where a comment goes and what it says. */
export interface CommentOptions extends CommentPlace {
  /** From `commentMarker`; the comment is found by it. */
  marker: string
  /**
   * The text below the marker, or what makes it from the text below the marker of the comment that is there (null when
   * there is none).
   */
  body: string | ((previous: string | null) => string)
  /** True: no comment is made where none is. */
  onlyIfExists?: boolean
  /**
   * Which branch a text is about. With `onlyIfExists`, every comment of ours in the same project that is about the `same` branch
   * gets the text, whatever its database and `comment_id`, and one that is about an `other` branch does not.
   */
  about?(text: string): 'same' | 'other' | 'unknown'
  /** True: only comments that are about the same branch, not the one that the marker finds. */
  onlyAbout?: boolean
  /** True: that the token may write none is worth a line of the log, not a warning. */
  isOptional?: boolean
}

/** What became of the comment. `forbidden` and `failed` have been told as a warning. */
export interface CommentResult {
  url: string | null
  action: 'created' | 'updated' | 'unchanged' | 'forbidden' | 'absent' | 'failed'
}

/**
 * Writes the one comment of a pull request: makes it, or updates ours when its text differs. Looks through all pages,
 * touches only comments of its own author, and leaves one when two runs made one each. A fault of GitHub becomes one
 * warning, never an error; only the signal's reason is thrown.
 */
export async function upsertComment(runtime: Runtime, options: CommentOptions): Promise<CommentResult> {
  if (options.body === '') return { url: null, action: 'absent' }
  if (!options.token) {
    const text = 'The pull request comment was not written: there is no token. Set the input github_token.'
    if (options.isOptional) runtime.log.info(text)
    else runtime.log.warning(text)
    return { url: null, action: 'forbidden' }
  }
  runtime.secrets.add(options.token)
  try {
    // Every attempt begins by looking, so that a comment whose creation was not answered is found and not made twice.
    return await asking(runtime, {}, () => upsert(runtime, options))
  } catch (error) {
    runtime.signal.throwIfAborted()
    const where = `${options.owner}/${options.repo}#${options.pullRequest}`
    return { url: null, action: warnOfFailure(runtime, { where, error, isOptional: options.isOptional ?? false }) }
  }
}

async function upsert(runtime: Runtime, options: CommentOptions): Promise<CommentResult> {
  const github = commentApi(runtime, options)
  const all = await github.list()
  const marked = all.filter((comment) => isMeant(options, comment))
  const login = marked.length > 0 ? await github.login() : undefined
  if (marked.length > 0 && login === undefined) return await withoutLogin(runtime, options, { github, marked })
  const own = marked.filter((comment) => isOwn(comment, login ?? ''))
  if (options.onlyIfExists && options.about) return await writeAll(runtime, options, { github, own })
  return await write(runtime, options, { github, found: choose(own, options.marker) })
}

/** Whether a comment's marker answers the one that is looked for, or its text is about the same branch of the same project. */
function isMeant({ marker, about, onlyAbout }: CommentOptions, comment: Comment): boolean {
  const found = splitMarker(comment.body ?? '')
  const relation = about?.(found.text) ?? 'unknown'
  if (relation === 'same' && isSameProject(marker, found.marker)) return true
  return !onlyAbout && relation !== 'other' && compareMarkers(marker, found.marker) !== 'other'
}

/** Writes the text to the comment that the marker finds, twins of it removed, and to all others that are about the branch. */
async function writeAll(
  runtime: Runtime,
  options: CommentOptions,
  { github, own }: { github: CommentApi; own: Comment[] },
): Promise<CommentResult> {
  const first = options.onlyAbout ? [] : choose(own, options.marker)
  const isAbout = ({ body = '' }: Comment) => options.about?.(splitMarker(body).text) === 'same'
  const others = own.filter((comment) => !first.includes(comment) && isAbout(comment))
  let result: CommentResult = { url: null, action: 'absent' }
  for (const found of [first, ...others.map((comment) => [comment])]) {
    if (found.length === 0) continue
    const marker = first === found ? options.marker : markerIn(found[0]?.body ?? '')
    const written = await write(runtime, { ...options, marker }, { github, found })
    if (result.url === null) result = written
  }
  return result
}

/**
 * Where GitHub does not tell whose token this is, a comment with our marker may be anybody's: bots of other actions, and
 * whoever copied it. The author of a comment that this run makes is the token's; whatever else of that author is there is
 * ours, takes the text, and the new one goes. Where none may be made, none is touched.
 */
async function withoutLogin(
  runtime: Runtime,
  options: CommentOptions,
  { github, marked }: { github: CommentApi; marked: Comment[] },
): Promise<CommentResult> {
  if (options.onlyIfExists) {
    runtime.log.info(
      'The comment of an earlier run was left as it is: GitHub does not tell whose github_token this is, so that it may be of somebody else.',
    )
    return { url: null, action: 'absent' }
  }
  const created = await github.create(textFor(runtime, options, undefined))
  const own = marked.filter(({ user }) => user?.login === created.user?.login && user?.type === created.user?.type)
  const found = created.user ? choose(own, options.marker) : []
  if (found.length === 0) return { url: created.html_url, action: 'created' }
  const result = await write(runtime, options, { github, found })
  if (result.url !== created.html_url) await github.remove(created)
  return result
}

/** Writes the text to the first of our comments, and removes the others; makes one where there is none. */
async function write(
  runtime: Runtime,
  options: CommentOptions,
  { github, found }: { github: CommentApi; found: Comment[] },
): Promise<CommentResult> {
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
async function create(github: CommentApi, options: CommentOptions, body: Clean): Promise<CommentResult> {
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

function textFor(runtime: Runtime, options: CommentOptions, found: Comment | undefined): Clean {
  const { marker: previousMarker, text: previous } = splitMarker(found?.body ?? '')
  const text = typeof options.body === 'string' ? options.body : options.body(found ? previous : null)
  // The marker holds hashes only; what it is found by must not change with what is redacted.
  const marker = mergeMarkers(options.marker, previousMarker || options.marker)
  return byContract(`${marker}\n\n${clean(runtime.secrets, text)}`)
}

/**
 * Whether a comment is ours. The token's login is asked for by GraphQL, because `GET /user` is closed to the tokens of
 * Actions; it may leave the `[bot]` out that REST writes.
 */
function isOwn({ user }: Comment, login: string): boolean {
  if (!user) return false
  const bare = (name: string) => name.toLowerCase().replace(/\[bot\]$/, '')
  return user.login === login || (user.type === 'Bot' && bare(user.login) === bare(login))
}

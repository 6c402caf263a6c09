import { type Dirent, lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs'
import path from 'node:path'
import { ActionError, errorCode } from '../../../runtime/errors.ts'
import { namesOfGlob } from './glob.ts'
import type { SkippedFile } from './schema-file.ts'

/** An SQL file that an entry of the input `schema` names. */
export interface FoundFile {
  /** Below the workspace with `/`. */
  path: string
  /** Below the entry's folder with `/`. */
  name: string
  absolute: string
  /** With all symbolic links resolved. */
  real: string
  bundled: boolean
}

/** What one entry names, in no order. */
export interface Found {
  files: FoundFile[]
  skipped: SkippedFile[]
  /** What was looked for, for an error message: `.sql files in sql/`. */
  lookedFor: string
}

/** One entry of the input `schema` and where it counts from. */
export interface FindOptions {
  workspace: string
  bundledDirectory: string
  entry: string
}

/** A folder to look in: the paths of its files are below `base`, their names below `root`. */
interface SearchRoot {
  root: string
  base: string
  /** `base` with all symbolic links resolved. */
  realBase: string
  bundled: boolean
}

/** The entry that names the schema inside the action; a folder of that name is `./learnflow`. */
const BUNDLED = 'learnflow'

/**
 * Finds the `.sql` files of one entry: the bundled schema, a file (of any ending), a folder with all folders below, or
 * a glob (https://nodejs.org/api/fs.html#fspromisesglobpattern-options), whose names count from its first folder
 * without a wildcard. Names that begin with a dot and `node_modules` are passed over unless the entry names them.
 * Throws an {@link ActionError} when the entry, or a symbolic link in it, leaves the workspace, when it names nothing, and
 * for a name ending in `.sql` that cannot be read as a file: a link to nothing, a named pipe, a name that is no UTF-8.
 */
export async function findFiles({ workspace, bundledDirectory, entry }: FindOptions): Promise<Found> {
  if (entry === BUNDLED) {
    const search = searchBelow(bundledDirectory, { root: bundledDirectory, bundled: true })
    return { ...list(search), lookedFor: `.sql files in ${bundledDirectory}` }
  }
  const relative = insideWorkspace(workspace, entry)
  const search = searchBelow(workspace, { root: path.join(workspace, relative), bundled: false })
  const stats = statOf(search.root)
  if (stats?.isDirectory()) {
    refuseEscape(search, search.root)
    return { ...list(search), lookedFor: `.sql files in ${relative === '' ? './' : `${relative}/`}` }
  }
  if (stats) {
    refuseSpecial(stats, relative)
    const file = describe({ ...search, root: path.dirname(search.root) }, search.root)
    return { files: [file], skipped: [], lookedFor: `the file ${relative}` }
  }
  if (!/[*?[{]/.test(relative)) {
    throw new ActionError(`Could not take the schema "${entry}": there is no folder or file ${relative}.`, {
      advice: 'Correct the input schema, or check out the repository before this step.',
    })
  }
  const { folder, pattern } = splitGlob(relative)
  const below = { ...search, root: path.join(workspace, folder) }
  const names = statOf(below.root)?.isDirectory() ? await namesOfGlob(below.root, pattern) : []
  return {
    ...lookAtAll(below, names),
    lookedFor: `.sql files that match ${relative}`,
  }
}

function searchBelow(base: string, rest: Pick<SearchRoot, 'root' | 'bundled'>): SearchRoot {
  return { ...rest, base, realBase: statOf(base) ? realpathSync.native(base) : base }
}

function insideWorkspace(workspace: string, entry: string): string {
  const absolute = path.resolve(workspace, entry)
  const relative = path.relative(workspace, absolute)
  const escapes = relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative)
  // In a glob, `..` behind a wildcard would escape unseen.
  if (escapes || (/[*?[{]/.test(entry) && /(?:^|[\\/{,])\.\.(?:[\\/},]|$)/.test(entry))) throw outside(entry)
  return relative.split(path.sep).join('/')
}

function outside(entry: string): ActionError {
  return new ActionError(`Could not take the schema "${entry}": it is outside the workspace.`, {
    advice: 'Name a folder, a file or a glob of the checked-out repository.',
  })
}

/** Undefined also where the path leads nowhere or may not be followed. */
function statOf(file: string): Stats | undefined {
  try {
    return statSync(file)
  } catch {
    return undefined
  }
}

/** The folders before the first wildcard, and the rest. */
function splitGlob(relative: string): { folder: string; pattern: string } {
  const parts = relative.split('/')
  const first = parts.findIndex((part) => /[*?[{]/.test(part))
  return { folder: parts.slice(0, first).join('/'), pattern: parts.slice(first).join('/') }
}

// Nothing else goes on while files are found and read, so the calls that wait for the disk are the quick ones: 200 files in
// 10 ms, where each promise would pass through a thread and back.
function list(search: SearchRoot): Pick<Found, 'files' | 'skipped'> {
  if (!statOf(search.root)?.isDirectory()) return { files: [], skipped: [] }
  const skipped: SkippedFile[] = []
  const found = lookAtAll(search, walk(search, skipped))
  return { files: found.files, skipped: [...skipped, ...found.skipped] }
}

function lookAtAll(search: SearchRoot, names: Iterable<string>): Pick<Found, 'files' | 'skipped'> {
  const found = Array.from(names, (name) => look(search, name))
  return { files: found.flatMap(({ file }) => file ?? []), skipped: found.flatMap(({ skipped }) => skipped ?? []) }
}

function isPassedOver(name: string): boolean {
  return path.basename(name) === 'node_modules'
}

/** Every name below a folder but those of plain folders; symbolic links are not followed, as in a glob. */
function* walk(search: SearchRoot, skipped: SkippedFile[], folder = ''): Generator<string> {
  for (const entry of entriesOf(search, skipped, folder)) {
    if (entry.name.startsWith('.') || isPassedOver(entry.name)) continue
    const name = path.join(folder, entry.name)
    if (entry.isDirectory()) yield* walk(search, skipped, name)
    else yield name
  }
}

/** Nothing of a folder that may not be read: it may be anybody's, for example a database's. */
function entriesOf(search: SearchRoot, skipped: SkippedFile[], folder: string): Dirent[] {
  const absolute = path.join(search.root, folder)
  try {
    return readdirSync(absolute, { withFileTypes: true })
  } catch (error) {
    const below = relativeTo(search.base, absolute)
    if (isMisread(absolute)) throw unusable(below, NO_UTF_8)
    skipped.push({ path: below, reason: `the folder may not be read (${errorCode(error)})` })
    return []
  }
}

function look(search: SearchRoot, name: string): { file?: FoundFile; skipped?: SkippedFile } {
  const absolute = path.join(search.root, name)
  const stats = statOf(absolute)
  const below = relativeTo(search.base, absolute)
  if (/\.sql$/i.test(name) && !stats?.isDirectory()) {
    if (!stats) throw unusable(below, isMisread(absolute) ? NO_UTF_8 : deadLink(absolute))
    refuseSpecial(stats, below)
    return { file: describe(search, absolute) }
  }
  if (!stats?.isDirectory() || !isLink(absolute)) return {}
  return { skipped: { path: below, reason: 'folders behind a symbolic link are not read' } }
}

const NO_UTF_8 = 'its name is not valid UTF-8'

// Bytes of a name that are no UTF-8 are read as U+FFFD, and under that name there is nothing.
function isMisread(absolute: string): boolean {
  if (!absolute.includes('\ufffd')) return false
  try {
    lstatSync(absolute)
    return false
  } catch {
    return true
  }
}

function deadLink(absolute: string): string {
  try {
    statSync(absolute)
    return 'it has just been changed'
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT') return 'it is a symbolic link that leads nowhere'
    return code === 'ELOOP' ? 'it is a symbolic link that leads to itself' : `it may not be looked at (${code})`
  }
}

/** What reads like a file and is none: reading it could wait for ever. */
function refuseSpecial(stats: Stats, below: string): void {
  if (stats.isFile()) return
  const kind = stats.isFIFO() ? 'a named pipe' : stats.isSocket() ? 'a socket' : 'a device'
  throw unusable(below, `it is ${kind} and no file`)
}

function unusable(below: string, cause: string): ActionError {
  return new ActionError(`Could not take the schema file ${below}: ${cause}.`, {
    advice: 'Make it a readable file, rename it so that it does not end in .sql, or remove it.',
    location: { file: below, line: 1 },
  })
}

function isLink(absolute: string): boolean {
  const folder = realpathSync.native(path.dirname(absolute))
  return realpathSync.native(absolute) !== path.join(folder, path.basename(absolute))
}

function describe(search: SearchRoot, absolute: string): FoundFile {
  const real = refuseEscape(search, absolute)
  const below = relativeTo(search.base, absolute)
  return {
    path: search.bundled ? `${BUNDLED}/${below}` : below,
    name: relativeTo(search.root, absolute),
    absolute,
    real,
    bundled: search.bundled,
  }
}

function relativeTo(folder: string, file: string): string {
  return path.relative(folder, file).split(path.sep).join('/')
}

/** The path with all symbolic links resolved; throws when they lead out of the workspace. */
function refuseEscape(search: SearchRoot, absolute: string): string {
  const real = realpathSync.native(absolute)
  const below = path.relative(search.realBase, real)
  if (below === '..' || below.startsWith(`..${path.sep}`) || path.isAbsolute(below)) {
    throw outside(relativeTo(search.base, absolute))
  }
  return real
}

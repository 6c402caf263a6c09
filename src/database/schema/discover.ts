import type { Stats } from 'node:fs'
import { glob, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { ActionError } from '../../errors.ts'
import { mapAtOnce } from './at-once.ts'
import type { SkippedFile } from './files.ts'

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
interface Place {
  root: string
  base: string
  /** `base` with all symbolic links resolved. */
  realBase: string
  bundled: boolean
}

/** The entry that names the schema inside the action; a folder of that name is `./learnflow`. */
const BUNDLED = 'learnflow'

// Unlike `**/*`, it does not go through symbolic links.
const EVERYTHING = '**'

/**
 * Finds the `.sql` files of one entry: the bundled schema, a file (of any ending), a folder with all folders below, or
 * a glob (https://nodejs.org/api/fs.html#fspromisesglobpattern-options), whose names count from its first folder
 * without a wildcard. Names that begin with a dot and `node_modules` are passed over unless the entry names them.
 * Throws an {@link ActionError} when the entry, or a symbolic link in it, leaves the workspace, and when it names nothing.
 */
export async function findFiles({ workspace, bundledDirectory, entry }: FindOptions): Promise<Found> {
  if (entry === BUNDLED) {
    const place = await placeBelow(bundledDirectory, { root: bundledDirectory, bundled: true })
    return { ...(await list(place, EVERYTHING)), lookedFor: `.sql files in ${bundledDirectory}` }
  }
  const relative = insideWorkspace(workspace, entry)
  const place = await placeBelow(workspace, { root: path.join(workspace, relative), bundled: false })
  const stats = await statOf(place.root)
  if (stats?.isDirectory()) {
    await refuseEscape(place, place.root)
    return { ...(await list(place, EVERYTHING)), lookedFor: `.sql files in ${relative === '' ? './' : `${relative}/`}` }
  }
  if (stats) {
    const file = await describe({ ...place, root: path.dirname(place.root) }, place.root)
    return { files: [file], skipped: [], lookedFor: `the file ${relative}` }
  }
  if (!/[*?[{]/.test(relative)) {
    throw new ActionError(`Could not take the schema "${entry}": there is no folder or file ${relative}.`, {
      advice: 'Correct the input schema, or check out the repository before this step.',
    })
  }
  const { folder, pattern } = splitGlob(relative)
  return {
    ...(await list({ ...place, root: path.join(workspace, folder) }, pattern)),
    lookedFor: `.sql files that match ${relative}`,
  }
}

async function placeBelow(base: string, rest: Pick<Place, 'root' | 'bundled'>): Promise<Place> {
  return { ...rest, base, realBase: await realpath(base).catch(() => base) }
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

async function statOf(file: string): Promise<Stats | undefined> {
  try {
    return await stat(file)
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

async function list(place: Place, pattern: string): Promise<{ files: FoundFile[]; skipped: SkippedFile[] }> {
  const exclude = (name: string) => name === 'node_modules' || name.endsWith(`${path.sep}node_modules`)
  if (!(await statOf(place.root))?.isDirectory()) return { files: [], skipped: [] }
  const names: string[] = []
  for await (const name of glob(pattern, { cwd: place.root, exclude })) names.push(name)
  const found = await mapAtOnce(names, (name) => look(place, name))
  return { files: found.flatMap(({ file }) => file ?? []), skipped: found.flatMap(({ skipped }) => skipped ?? []) }
}

async function look(place: Place, name: string): Promise<{ file?: FoundFile; skipped?: SkippedFile }> {
  const absolute = path.join(place.root, name)
  const stats = await statOf(absolute)
  if (stats?.isFile() && /\.sql$/i.test(name)) return { file: await describe(place, absolute) }
  if (!stats?.isDirectory() || !(await isLink(absolute))) return {}
  const reason = 'folders behind a symbolic link are not read'
  return { skipped: { path: relativeTo(place.base, absolute), reason } }
}

async function isLink(absolute: string): Promise<boolean> {
  return (await realpath(absolute)) !== path.join(await realpath(path.dirname(absolute)), path.basename(absolute))
}

async function describe(place: Place, absolute: string): Promise<FoundFile> {
  const real = await refuseEscape(place, absolute)
  const below = relativeTo(place.base, absolute)
  return {
    path: place.bundled ? `${BUNDLED}/${below}` : below,
    name: relativeTo(place.root, absolute),
    absolute,
    real,
    bundled: place.bundled,
  }
}

function relativeTo(folder: string, file: string): string {
  return path.relative(folder, file).split(path.sep).join('/')
}

/** The path with all symbolic links resolved; throws when they lead out of the workspace. */
async function refuseEscape(place: Place, absolute: string): Promise<string> {
  const real = await realpath(absolute)
  const below = path.relative(place.realBase, real)
  if (below === '..' || below.startsWith(`..${path.sep}`) || path.isAbsolute(below)) {
    throw outside(relativeTo(place.base, absolute))
  }
  return real
}

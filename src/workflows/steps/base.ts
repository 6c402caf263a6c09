import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type BaseFiles, hasBlobId, type LedgerRow, type SchemaSource } from '../../database/schema/index.ts'
import {
  type CommitFiles,
  type MergeFiles,
  type RepositoryQuery,
  readMergeFiles,
  wereInCommits,
} from '../../github/index.ts'
import { type Run, repositoryQuery } from '../../run.ts'
import { ActionError, errorMessage } from '../../runtime/errors.ts'
import type { Runtime } from '../../runtime/runtime.ts'

/** Why the base is not known, for the log; a notice where the workflow could change it. */
class Unknown extends Error {
  readonly isNotice: boolean
  constructor(why: string, isNotice: boolean) {
    super(why)
    this.isNotice = isNotice
  }
}

// What only informs must not hold the run up for long.
const PATIENCE = 20_000

/**
 * What the pull request, or the entry of the merge queue, is merged into, as far as the schema goes: by GitHub, as a checkout
 * holds no history. Null where that cannot be known, which is told once; the ledger that came with the copy then stands for
 * it. Never rejects.
 */
export async function readBase(run: Run, source: SchemaSource): Promise<BaseFiles | null> {
  const { base } = run.event
  if (!base || !['preview', 'reset', 'plan'].includes(run.plan.mode)) return null
  const folders = foldersOf(source)
  if (folders.length === 0) return null
  try {
    return await read(run, source, folders, base)
  } catch (error) {
    const why = error instanceof ActionError ? error.message : errorMessage(error)
    const mayNot = /not accessible by/.test(why)
    const way = mayNot ? ' Give the job permissions: { contents: read }.' : ''
    const text = `What ${base.ref} has of the schema is not known here: ${why}${way} The rows that came with the copy of the ledger stand for it.`
    if (mayNot || (error instanceof Unknown && error.isNotice)) run.runtime.log.notice(text)
    else run.runtime.log.info(text)
    return null
  }
}

async function read(
  run: Run,
  source: SchemaSource,
  folders: readonly string[],
  target: { ref: string; sha: string },
): Promise<BaseFiles> {
  const { event } = run
  if (event.name === 'pull_request_target') {
    throw new Unknown('on pull_request_target the run is about the base and not about the merge.', true)
  }
  if (!/^[0-9a-f]{40}$/.test(event.sha)) throw new Unknown('the run names no commit.', false)
  const head = checkedOut(run.runner.workspace, folders)
  if (head !== undefined && head !== event.sha) {
    throw new Unknown(`checked out is ${head}, and merging would give ${event.sha}.`, true)
  }
  const merge = await patiently(run, readMergeFiles, {
    ...repositoryQuery(run),
    sha: event.sha,
    baseSha: target.sha,
    folders,
  })
  const { commit, base } = usable(merge, event.sha, target.sha)
  refuseOtherTexts(source, commit)
  return {
    branch: target.ref,
    commit: base.oid,
    states: statesOf(source, base),
    names: new Set([...base.blobs.keys()].flatMap((path) => namesOf(path, folders))),
    lacking: [...commit.blobs.keys()].filter(
      (path) => /\.sql$/i.test(path) && !existsSync(join(run.runner.workspace, path)),
    ),
    whereFrom: (rows) => whereFrom(run, rows, folders),
  }
}

function usable(
  { commit, base, parents }: MergeFiles,
  sha: string,
  baseSha: string,
): Record<'commit' | 'base', CommitFiles> {
  if (!commit) throw new Unknown(`GitHub knows no commit ${sha}.`, false)
  if (baseSha === '' && parents !== 2) throw new Unknown(`the commit ${sha} is no merge of two.`, false)
  if (!base) throw new Unknown(`GitHub does not tell the base of ${sha}.`, false)
  const [unread] = [...commit.unread, ...base.unread]
  if (unread) throw new Unknown(`${unread} lies too many folders deep to be compared.`, true)
  return { commit, base }
}

/** Folders that names in the ledger count from; without those inside the action, of which the repository knows nothing. */
function foldersOf({ files }: SchemaSource): string[] {
  const own = files.filter(({ bundled }) => !bundled)
  return [...new Set(own.map(({ path, name }) => path.slice(0, path.length - name.length).replace(/\/$/, '')))]
}

function namesOf(path: string, folders: readonly string[]): string[] {
  return folders.flatMap((folder) => {
    if (folder === '') return path
    return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : []
  })
}

/**
 * What a checkout says that it is; undefined where nothing says it (GitHub's checkout without git, a file system that was
 * copied). A branch's name is none of a merge.
 */
function checkedOut(workspace: string, folders: readonly string[]): string | undefined {
  for (let folder = join(workspace, folders[0] ?? ''); ; folder = dirname(folder)) {
    const head = textOf(join(folder, '.git', 'HEAD'))
    if (head !== undefined) return /^[0-9a-f]{40}$/.test(head) ? head : undefined
    if (folder === workspace || folder === dirname(folder)) return undefined
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}

/** A filter, LFS, a step that writes files, another commit: then the base's texts cannot be compared with these. */
function refuseOtherTexts({ files }: SchemaSource, { blobs }: CommitFiles): void {
  const other = files.find((file) => !file.bundled && !hasBlobId(file, blobs.get(file.path) ?? ''))
  if (!other) return
  const what = blobs.has(other.path) ? 'has another text than' : 'is not in'
  throw new Unknown(`${other.path} ${what} the commit that the run is about.`, true)
}

function statesOf({ files }: SchemaSource, { blobs }: CommitFiles): BaseFiles['states'] {
  const states = new Map<string, 'same' | 'changed'>()
  for (const file of files) {
    const oid = file.bundled ? undefined : blobs.get(file.path)
    if (oid !== undefined) states.set(file.path, hasBlobId(file, oid) ? 'same' : 'changed')
  }
  return states
}

async function whereFrom(
  run: Run,
  rows: readonly LedgerRow[],
  folders: readonly string[],
): ReturnType<BaseFiles['whereFrom']> {
  const known = rows.filter(({ commitSha }) => /^[0-9a-f]{40}$/.test(commitSha))
  const files = known.flatMap((row) =>
    folders.map((folder) => ({ row, sha: row.commitSha, path: folder === '' ? row.name : `${folder}/${row.name}` })),
  )
  const found = await patiently(run, wereInCommits, { ...repositoryQuery(run), files }).catch((error: unknown) => {
    run.runtime.signal.throwIfAborted()
    run.runtime.log.info(error instanceof ActionError ? error.message : errorMessage(error))
    return []
  })
  return rows.map((row) => {
    const answers = found.filter((_, index) => files[index]?.row === row)
    if (answers.includes(true)) return 'here'
    return answers.includes(false) ? 'elsewhere' : 'unknown'
  })
}

/** Asks GitHub, for a while: also an answer that never ends is none after that. */
async function patiently<Q extends RepositoryQuery, A>(
  run: Run,
  ask: (runtime: Runtime, query: Q) => Promise<A>,
  query: Q,
): Promise<A> {
  const limit = AbortSignal.timeout(PATIENCE)
  const signal = AbortSignal.any([run.runtime.signal, limit])
  try {
    return await ask({ ...run.runtime, signal }, { ...query, patience: PATIENCE })
  } catch (error) {
    run.runtime.signal.throwIfAborted()
    if (limit.aborted) throw new Unknown(`GitHub did not answer within ${PATIENCE / 1000} s.`, false)
    throw error
  }
}

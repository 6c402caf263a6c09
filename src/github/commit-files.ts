import type { Runtime } from '../runtime/runtime.ts'
import { askRepository, type RepositoryQuery } from './pulls.ts'

/** The files that a commit has in some folders. */
export interface CommitFiles {
  oid: string
  /** Path from the repository's root to the id of the blob. */
  blobs: Map<string, string>
  /** Folders that lie too deep to have been read. */
  unread: string[]
}

/** What a merge commit has, and the base that it was made on. */
export interface MergeFiles {
  /** Null where GitHub has no such commit. */
  commit: CommitFiles | null
  /** How many parents it has: two, if it is a merge. */
  parents: number
  /** Null where the base is not known. */
  base: CommitFiles | null
}

/** Which commit to look at, and where in it. */
export interface MergeQuery extends RepositoryQuery {
  sha: string
  /** The base of a merge queue's entry; empty for the first parent of the commit. */
  baseSha: string
  /** Folders from the repository's root, without a slash at the end; empty for the root itself. */
  folders: readonly string[]
}

const DEPTH = 4

/** Entries of a tree, four folders deep: GraphQL has no recursion (GitHub's GraphQL reference: Tree, TreeEntry, Commit.file). */
function entries(depth: number): string {
  const below = depth > 1 ? ` object { ... on Tree { ${entries(depth - 1)} } }` : ''
  return `entries { name type oid${below} }`
}

function filesOf(folders: readonly string[]): string {
  const tree = `... on Tree { ${entries(DEPTH)} }`
  const parts = folders.map((folder, index) =>
    folder === ''
      ? `f${index}: tree { ${tree} }`
      : `f${index}: file(path: ${JSON.stringify(folder)}) { object { ${tree} } }`,
  )
  return ['oid', ...parts].join('\n')
}

/**
 * The files of a merge commit and of its base, in one request. Needs the permission `contents: read`, which every checkout
 * needs as well. Throws an `ActionError` when GitHub cannot be read.
 */
export async function readMergeFiles(runtime: Runtime, query: MergeQuery): Promise<MergeFiles> {
  const { sha, baseSha, folders } = query
  const files = filesOf(folders)
  const parents = baseSha === '' ? `parents(first: 3) { totalCount nodes { ${files} } }` : ''
  const base = baseSha === '' ? '' : `base: object(oid: ${JSON.stringify(baseSha)}) { ... on Commit { ${files} } }`
  const answer = await askRepository<Answer>(runtime, query, {
    fields: `merge: object(oid: ${JSON.stringify(sha)}) { ... on Commit { ${files} ${parents} } }\n${base}`,
    what: `the commit ${sha} of ${query.repository}`,
    permission: 'contents: read',
  })
  const read = (commit: CommitNode | null | undefined) => (commit?.oid ? commitFiles(commit, folders) : null)
  const nodes = answer.merge?.parents?.nodes ?? []
  return {
    commit: read(answer.merge),
    parents: answer.merge?.parents?.totalCount ?? 0,
    base: read(baseSha === '' ? nodes[0] : answer.base),
  }
}

interface Answer {
  merge?: (CommitNode & { parents?: { totalCount: number; nodes: CommitNode[] } }) | null
  base?: CommitNode | null
}

type CommitNode = { oid?: string } & { [alias: `f${number}`]: FolderNode | null | undefined }

/** A root is a tree itself, a folder below it an entry that holds one. */
type FolderNode = TreeNode & { object?: TreeNode | null }

interface TreeNode {
  entries?: { name: string; type: string; oid: string; object?: TreeNode | null }[]
}

function commitFiles(commit: CommitNode, folders: readonly string[]): CommitFiles {
  const files: CommitFiles = { oid: commit.oid ?? '', blobs: new Map(), unread: [] }
  for (const [index, folder] of folders.entries()) {
    const node = commit[`f${index}`]
    collect(node?.object ?? node ?? {}, folder, files)
  }
  return files
}

function collect(tree: TreeNode, folder: string, files: CommitFiles): void {
  for (const { name, type, oid, object } of tree.entries ?? []) {
    const path = folder === '' ? name : `${folder}/${name}`
    if (type === 'blob') files.blobs.set(path, oid)
    else if (type === 'tree' && object?.entries) collect(object, path, files)
    else if (type === 'tree') files.unread.push(path)
  }
}

/** A file that a commit may have. */
export interface FileOfCommit {
  sha: string
  path: string
}

const FILES_PER_REQUEST = 100

/**
 * Whether their commits have these files; null where GitHub has no such commit any more. Throws an `ActionError` when GitHub
 * cannot be read.
 */
export async function wereInCommits(
  runtime: Runtime,
  query: RepositoryQuery & { files: readonly FileOfCommit[] },
): Promise<(boolean | null)[]> {
  const { files } = query
  const found: (boolean | null)[] = []
  for (let start = 0; start < files.length; start += FILES_PER_REQUEST) {
    const some = files.slice(start, start + FILES_PER_REQUEST)
    const fields = some.map(({ sha, path }, index) => {
      return `a${index}: object(oid: ${JSON.stringify(sha)}) { ... on Commit { oid file(path: ${JSON.stringify(path)}) { oid } } }`
    })
    const answer = await askRepository<Record<string, { oid?: string; file?: object | null } | null>>(runtime, query, {
      fields: fields.join('\n'),
      what: `earlier commits of ${query.repository}`,
      permission: 'contents: read',
    })
    for (const index of some.keys()) {
      const commit = answer[`a${index}`]
      found.push(commit?.oid ? Boolean(commit.file) : null)
    }
  }
  return found
}

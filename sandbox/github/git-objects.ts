import { createHash } from 'node:crypto'
import type { Node, Outcome, Plain } from './graphql-execute.ts'

/** A commit, with the ids that git itself would give. */
export interface GitCommit {
  oid: string
  parents: string[]
  tree: GitTree
}

interface GitTree {
  oid: string
  entries: GitEntry[]
}

type GitEntry = { name: string; path: string } & (
  | { type: 'tree'; object: GitTree }
  | { type: 'blob'; object: { oid: string; bytes: Buffer } }
)

/** What a commit holds: texts or bytes by path. */
export type CommittedFiles = Record<string, string | Uint8Array>

const MOMENT = 'octo <octo@users.noreply.github.com> 1772445600 +0000'

/** Makes a commit as git does: ids over the real form of blobs, trees and commits (gitformat-*(5), `git cat-file`). */
export function makeCommit(files: CommittedFiles, parents: string[] = [], message = 'A change'): GitCommit {
  const tree = makeTree(
    Object.entries(files).map(([path, text]) => ({ parts: path.split('/'), bytes: Buffer.from(text as string) })),
    '',
  )
  const lines = [`tree ${tree.oid}`, ...parents.map((oid) => `parent ${oid}`), `author ${MOMENT}`]
  const text = [...lines, `committer ${MOMENT}`, '', message, ''].join('\n')
  return { oid: idOf('commit', Buffer.from(text)), parents, tree }
}

function makeTree(files: { parts: string[]; bytes: Buffer }[], above: string): GitTree {
  const folders = new Map<string, typeof files>()
  const entries: GitEntry[] = []
  for (const { parts, bytes } of files) {
    const [name = '', ...rest] = parts
    if (rest.length > 0) folders.set(name, [...(folders.get(name) ?? []), { parts: rest, bytes }])
    else entries.push({ name, path: above + name, type: 'blob', object: { oid: idOf('blob', bytes), bytes } })
  }
  for (const [name, below] of folders) {
    entries.push({ name, path: above + name, type: 'tree', object: makeTree(below, `${above}${name}/`) })
  }
  // Git sorts a folder as if its name ended in a slash.
  const key = ({ name, type }: GitEntry) => (type === 'tree' ? `${name}/` : name)
  entries.sort((a, b) => Buffer.compare(Buffer.from(key(a)), Buffer.from(key(b))))
  const body = entries.map(({ name, type, object }) =>
    Buffer.concat([Buffer.from(`${type === 'tree' ? '40000' : '100644'} ${name}\0`), Buffer.from(object.oid, 'hex')]),
  )
  return { oid: idOf('tree', Buffer.concat(body)), entries }
}

function idOf(kind: 'blob' | 'tree' | 'commit', bytes: Buffer): string {
  return createHash('sha1').update(`${kind} ${bytes.length}\0`).update(bytes).digest('hex')
}

/**
 * `Repository.object(oid:)`: a commit that is there, else null. That an id nobody knows gives null without an entry in
 * `errors` is a guess; the action takes both alike.
 */
export function objectNode(commits: ReadonlyMap<string, GitCommit>, given: Record<string, Plain>): Outcome {
  const commit = commits.get(String(given.oid))
  return commit ? commitNode(commits, commit) : null
}

function commitNode(commits: ReadonlyMap<string, GitCommit>, commit: GitCommit): Node {
  return {
    type: 'Commit',
    fields: {
      oid: () => commit.oid,
      tree: () => treeNode(commit.tree),
      parents: ({ first }) => parentsNode(commits, commit, Number(first ?? 0)),
      file: ({ path }) => {
        const entry = entryAt(commit.tree, String(path).split('/'))
        if (entry) return entryNode(entry)
        // As seen in answers of api.github.com: null beside an error of this type.
        return { failure: { type: 'NOT_FOUND', message: `Could not resolve file for path '${path}'.` } }
      },
    },
  }
}

function parentsNode(commits: ReadonlyMap<string, GitCommit>, commit: GitCommit, first: number): Outcome {
  if (first < 1 || first > 100) {
    const message = 'You must provide a `first` or `last` value to properly paginate the `parents` connection.'
    return { failure: { type: 'MISSING_PAGINATION_BOUNDARIES', message } }
  }
  const nodes = () =>
    commit.parents.slice(0, first).flatMap((oid) => {
      const parent = commits.get(oid)
      return parent ? [commitNode(commits, parent)] : []
    })
  return { type: 'CommitConnection', fields: { totalCount: () => commit.parents.length, nodes } }
}

function entryAt(tree: GitTree, parts: string[]): GitEntry | undefined {
  const [name, ...rest] = parts
  const entry = tree.entries.find((one) => one.name === name)
  if (rest.length === 0 || !entry) return entry
  return entry.type === 'tree' ? entryAt(entry.object, rest) : undefined
}

function entryNode(entry: GitEntry): Node {
  return {
    type: 'TreeEntry',
    fields: {
      name: () => entry.name,
      path: () => entry.path,
      type: () => entry.type,
      mode: () => (entry.type === 'tree' ? 0o40000 : 0o100644),
      oid: () => entry.object.oid,
      object: () => (entry.type === 'tree' ? treeNode(entry.object) : blobNode(entry.object)),
    },
  }
}

function treeNode(tree: GitTree): Node {
  return { type: 'Tree', fields: { oid: () => tree.oid, entries: () => tree.entries.map(entryNode) } }
}

function blobNode({ oid, bytes }: { oid: string; bytes: Buffer }): Node {
  return { type: 'Blob', fields: { oid: () => oid, byteSize: () => bytes.length } }
}

import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'

/** A file that a kubeconfig names and that cannot be read as one, and why, for people. */
export interface BadFile {
  path: string
  problem: string
}

/** A user of a kubeconfig as YAML has it. */
export interface UserEntry {
  name?: string
  user?: Record<string, unknown> | null
}

/**
 * What is wrong with a file that a kubeconfig names: it is not there, or no regular file nor a link to one (the files of
 * projected volumes are links). Reading a pipe or a device could wait for ever. Undefined for no path and for a file.
 */
export function badFile(path: string | undefined | null): BadFile | undefined {
  if (!path) return undefined
  try {
    const stat = statSync(path)
    if (stat.isFile()) return undefined
    return { path, problem: words(stat.isDirectory() ? 'EISDIR' : 'ENOTSUP') }
  } catch (error) {
    return { path, problem: fileProblem(error) }
  }
}

/** Why a file could not be read, for people. */
export function fileProblem(error: unknown): string {
  const { code } = error as { code?: unknown }
  return words(typeof code === 'string' ? code : '')
}

/**
 * The entry of a user with the token of its token file in it, under both names that are in use: `tokenFile`, as Kubernetes
 * writes it (https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#AuthInfo), and `token-file`. A token beside it
 * stays. A relative path is taken from `directory`.
 */
export function withTokenOfFile(entry: UserEntry, directory: string): { entry: UserEntry; bad?: BadFile } {
  const { tokenFile, 'token-file': dashed, ...user } = entry?.user ?? {}
  const named = tokenFile ?? dashed
  if (typeof named !== 'string' || named === '') return { entry }
  if (typeof user.token === 'string' && user.token !== '') return { entry: { ...entry, user } }
  const path = resolve(directory, named)
  const bad = badFile(path)
  if (bad) return { entry: { ...entry, user }, bad }
  try {
    return { entry: { ...entry, user: { ...user, token: readFileSync(path, 'utf8').trim() } } }
  } catch (error) {
    return { entry: { ...entry, user }, bad: { path, problem: fileProblem(error) } }
  }
}

function words(code: string): string {
  const known: Record<string, string> = {
    ENOENT: 'there is no such file',
    EACCES: 'it may not be read',
    EISDIR: 'it is a folder',
    ENOTSUP: 'it is no file, but a pipe, a socket or a device',
    ENOTDIR: 'a part of its path is no folder',
    ELOOP: 'its links lead in a circle',
    ENAMETOOLONG: 'its path is too long',
  }
  return known[code] ?? (code || 'it cannot be read')
}

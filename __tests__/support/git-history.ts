import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { World } from './world.ts'

/** Texts by path. */
export type Texts = Record<string, string>

/** A pull request as its runs see it: what its event says, and what merging gives. */
export interface Merge {
  headSha: string
  mergeSha: string
  baseSha: string
  files: Texts
}

/**
 * Commits main and a pull request on top of what both had: `pull` tells what the pull request does to main's files (null takes
 * one away). The merge is checked out, as actions/checkout does, and GitHub has its objects.
 */
export async function mergeOf(world: World, main: Texts, pull: Record<string, string | null>): Promise<Merge> {
  const files = withChanges(main, pull)
  const baseSha = world.github.commit(main, { message: 'main' })
  // The head need not have what main got meanwhile; of a path it lacks nothing is asked.
  const headSha = world.github.commit(files, { parents: [baseSha], message: 'pull request' })
  const mergeSha = world.github.commit(files, { parents: [baseSha, headSha], message: 'merge' })
  await checkOut(world, files)
  return { headSha, mergeSha, baseSha, files }
}

/** Makes the workspace hold these files and no others. */
export async function checkOut(world: World, files: Texts): Promise<void> {
  for (const name of await readdir(world.workspace)) {
    await rm(join(world.workspace, name), { recursive: true, force: true })
  }
  await world.write(files)
}

function withChanges(main: Texts, pull: Record<string, string | null>): Texts {
  const entries = Object.entries({ ...main, ...pull })
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null))
}

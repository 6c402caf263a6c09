import { chown, lstat, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ownerUid, serviceAccount } from './account.ts'

/** Makes a folder below the machine's temporary folder that belongs to the server's account, mode 700. */
export async function makeServerFolder(parent: string, prefix: string): Promise<string> {
  const folder = await mkdtemp(join(parent, prefix))
  const account = serviceAccount()
  if (account) await chown(folder, account.uid, account.gid)
  return folder
}

/**
 * A folder that is made once per machine and account and then shared by every process: `fill` writes it under another
 * name, and a rename puts it in place whole, so that two processes at once do no harm: the later one takes the earlier's.
 */
export async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const root = await cacheRoot()
  const folder = join(root, name)
  if (await exists(folder)) return folder
  const draft = await makeServerFolder(root, `${name}.draft-`)
  try {
    await fill(draft)
    await rename(draft, folder)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    if (!(await exists(folder))) throw error
  }
  return folder
}

/** The cache's root, refused when it belongs to somebody else: names in a shared temporary folder can be taken. */
async function cacheRoot(): Promise<string> {
  const uid = ownerUid()
  const root = join(tmpdir(), `neon-postgres-setup-sandbox-${uid}`)
  const made = await mkdir(root, { recursive: true, mode: 0o700 })
  const account = serviceAccount()
  if (made && account) await chown(root, account.uid, account.gid)
  const found = await lstat(root)
  // Between another root process's mkdir and its chown the folder is still root's.
  if (!found.isDirectory() || (found.uid !== uid && found.uid !== process.getuid?.())) {
    throw new Error(`The sandbox cannot use ${root}: it belongs to user ${found.uid}. Remove it or set TMPDIR.`)
  }
  return root
}

/** Whether a path is there. */
export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chown, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** Whom PostgreSQL runs as; undefined means: as this process. */
export interface Account {
  uid: number
  gid: number
}

const NOBODY: Account = { uid: 65534, gid: 65534 }

/**
 * The account for the server's processes: PostgreSQL refuses to run as root, so root hands it to `postgres` where the
 * machine has that user and to `nobody` elsewhere. Other users run it themselves.
 */
export function serviceAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = new Map(
    readPasswd().map((line) => {
      const [name = '', , uid, gid] = line.split(':')
      return [name, { uid: Number(uid), gid: Number(gid) }] as const
    }),
  )
  const usable = [users.get('postgres'), users.get('nobody')].find((account) => account && account.uid > 0)
  return usable ?? NOBODY
}

function readPasswd(): string[] {
  try {
    return readFileSync('/etc/passwd', 'utf8').split('\n')
  } catch {
    return []
  }
}

/** The uid that owns the server's files. */
export function ownerUid(): number {
  return serviceAccount()?.uid ?? process.getuid?.() ?? 0
}

/** A small environment of our own: PGDATA, PGHOST or a locale of the caller must not reach the server. */
export const serverEnvironment = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/**
 * Runs a program as the service account and returns its standard output.
 * Throws an Error with the program's name, exit code and standard error.
 */
export async function runAsServer(program: string, args: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      ...serviceAccount(),
      cwd: '/',
      env: serverEnvironment,
      maxBuffer: 16 * 1024 * 1024,
    })
    return stdout
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string }
    throw new Error(`${program} failed (${String(code)}): ${stderr?.trim() || String(error)}`)
  }
}

/** Writes a file that only the server's account can read. */
export async function writeServerFile(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 })
  const account = serviceAccount()
  if (account) await chown(path, account.uid, account.gid)
}

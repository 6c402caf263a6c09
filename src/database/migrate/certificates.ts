import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { connectionUrl } from '../connection-url.ts'

/** Where systems keep the certificates of public authorities (crypto/x509 of Go, root_linux.go and root_bsd.go). */
const STORES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
]
// `sslrootcert=system` came with libpq 16 (its release notes).
const KNOWS_SYSTEM = 16

/** What is there on this machine. */
export interface Machine {
  /** The step's environment. */
  given: Readonly<Record<string, string | undefined>>
  exists(path: string): boolean
  /** Major version of libpq; null where no program tells it. */
  libpqVersion(): Promise<number | null>
}

/**
 * The value of PGSSLROOTCERT with which libpq verifies a server's certificate against the system's authorities: by itself it
 * looks at `~/.postgresql/root.crt` alone, and fails without it. Undefined where nothing is verified or the user has told it:
 * in the URL, in the environment, or by that file. OpenSSL's SSL_CERT_FILE names another store.
 */
export async function rootCertificate(url: string, machine: Machine): Promise<string | undefined> {
  const { environment } = connectionUrl(url)
  if (!/^verify-/.test(environment.PGSSLMODE ?? '')) return undefined
  const { given } = machine
  if (environment.PGSSLROOTCERT || given.PGSSLROOTCERT) return undefined
  if (machine.exists(join(given.HOME || homedir(), '.postgresql', 'root.crt'))) return undefined
  const store = [given.SSL_CERT_FILE, ...STORES].find((path) => path && machine.exists(path))
  if (store) return store
  const version = await machine.libpqVersion()
  return version !== null && version >= KNOWS_SYSTEM ? 'system' : undefined
}

/** This machine. */
export function thisMachine(given: Machine['given']): Machine {
  return { given, exists: existsSync, libpqVersion }
}

/** From `psql --version` or `pg_config --version`, whichever is there: `psql (PostgreSQL) 16.4 (Debian …)`. */
async function libpqVersion(): Promise<number | null> {
  for (const program of ['psql', 'pg_config']) {
    try {
      const { stdout } = await promisify(execFile)(program, ['--version'], { timeout: 2000 })
      const version = /(\d+)(?:\.|devel|beta|rc)/.exec(stdout)?.[1]
      if (version) return Number(version)
    } catch {
      // It is not there.
    }
  }
  return null
}

import { readFileSync } from 'node:fs'
import tls, { type ConnectionOptions } from 'node:tls'
import { ActionError, errorCode } from '../runtime/errors.ts'
import type { SslMode } from './connection-parameters.ts'
import type { ConnectionUrl } from './connection-url.ts'

/** Whether a connection is encrypted, and how its server is looked at. */
export interface Encryption {
  /** `never`: plaintext; `if-offered`: plaintext where the server does not take TLS; `always`: an error there. */
  use: 'never' | 'if-offered' | 'always'
  options: Pick<ConnectionOptions, 'rejectUnauthorized' | 'checkServerIdentity' | 'ca'>
}

/** One way to connect, and one for when the server refuses that. */
export type Ways = [Encryption, Encryption?]

const UNVERIFIED: Encryption['options'] = { rejectUnauthorized: false }
const NEVER: Encryption = { use: 'never', options: UNVERIFIED }
const UNPROVED: Encryption = { use: 'always', options: UNVERIFIED }

/**
 * The ways to try, one after the other, as libpq's `sslmode` has them
 * (https://www.postgresql.org/docs/current/libpq-ssl.html); only `allow` has a second, for when the server refuses the
 * login without TLS. `prefer` goes without TLS only where the server says that it has none, and not, as libpq does, after
 * any other failure too. Without `sslrootcert` a certificate is verified against Node's list of authorities.
 * Throws an {@link ActionError} when the file of certificates cannot be used.
 */
export function encryptionsOf(url: Pick<ConnectionUrl, 'sslMode' | 'sslRootCertificate'>): Ways {
  const verified = () => ({ rejectUnauthorized: true, ...authorities(url.sslRootCertificate) })
  const ways: Record<SslMode, () => Ways> = {
    disable: () => [NEVER],
    allow: () => [NEVER, UNPROVED],
    prefer: () => [{ use: 'if-offered', options: UNVERIFIED }],
    require: () => [UNPROVED],
    'verify-ca': () => [{ use: 'always', options: { ...verified(), checkServerIdentity: () => undefined } }],
    'verify-full': () => [{ use: 'always', options: verified() }],
  }
  return ways[url.sslMode]()
}

function authorities(place: string | undefined): Pick<ConnectionOptions, 'ca'> {
  if (place === undefined) return {}
  if (place === 'system') return { ca: [...tls.getCACertificates('default'), ...tls.getCACertificates('system')] }
  return { ca: readCertificates(place) }
}

function readCertificates(path: string): string {
  const unusable = (cause: string) =>
    new ActionError(`Could not take the certificates of sslrootcert from '${path}': ${cause}.`, {
      advice: 'Give the path of a PEM file, seen from the workspace, that is there before this step.',
    })
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw unusable(errorCode(error) === 'ENOENT' ? 'there is no such file' : `it cannot be read (${errorCode(error)})`)
  }
  // Node passes over what is no certificate without a word, and then trusts nobody.
  if (!/-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/.test(text)) throw unusable('it holds no PEM certificate')
  return text
}

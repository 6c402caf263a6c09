import { createHash, type Hash } from 'node:crypto'
import type { Statement } from '../../sql/split.ts'

/** sha256 over the first statements of a file: what a half-applied file may not change any more. */
export function statementsChecksum(statements: Statement[]): string {
  const hash = createHash('sha256')
  for (const statement of statements) addStatement(hash, statement)
  return hash.digest('hex')
}

/** Adds one statement to a checksum as {@link statementsChecksum} makes it. */
export function addStatement(hash: Hash, { text, copyData = '' }: Statement): void {
  hash.update(`${text.replaceAll('\r\n', '\n')}\0${copyData}\0`)
}

/** The first characters of a checksum, enough to tell two apart. */
export function short(checksum: string): string {
  return checksum.slice(0, 12)
}

/** sha256, hexadecimal, of a text without byte-order mark and with `\n` for `\r\n`: what an editor or git may change. */
export function checksumOf(text: string): string {
  return createHash('sha256')
    .update(text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n'))
    .digest('hex')
}

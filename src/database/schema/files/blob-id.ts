import { createHash } from 'node:crypto'
import type { SchemaFile } from './schema-file.ts'

/**
 * Whether git keeps this very text under an id: that of the bytes, or of their LF form, as git stores a text that a checkout
 * has given CRLF (gitattributes: eol).
 */
export function hasBlobId({ text }: Pick<SchemaFile, 'text'>, oid: string): boolean {
  return blobId(text) === oid || (text.includes('\r\n') && blobId(text.replaceAll('\r\n', '\n')) === oid)
}

// What a file holds is valid UTF-8, with its byte-order mark, so that its text gives its bytes.
function blobId(text: string): string {
  const bytes = Buffer.from(text)
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}

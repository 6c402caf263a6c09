import { checksumOf } from '../../src/database/schema/files/checksum.ts'
import type { SchemaFile } from '../../src/database/schema/files/schema-file.ts'
import { parseScript, type Script } from '../../src/database/schema/files/script.ts'

/** A file of the schema that exists in memory only. */
export function schemaFile(text: string, path = 'sql/0001_test.sql'): SchemaFile {
  return {
    path,
    name: path.slice(path.indexOf('/') + 1),
    absolute: `/workspace/${path}`,
    text,
    checksum: checksumOf(text),
    kind: 'once',
    bundled: false,
  }
}

/** The script of a text. */
export function scriptOf(text: string): Script {
  return parseScript(schemaFile(text))
}

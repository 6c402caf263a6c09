/** One file of the schema. */
export interface SchemaFile {
  /** As annotations need it: below the workspace with `/`, or `learnflow/0001_users.sql` for a bundled one. */
  path: string
  /** Name in the ledger: below its schema folder, with `/`. */
  name: string
  absolute: string
  /** As it stands in the file, with byte-order mark and `\r\n` if it has them. */
  text: string
  /** sha256, hexadecimal, of the text without byte-order mark and with `\n` for `\r\n`. */
  checksum: string
  kind: 'once' | 'repeatable'
  bundled: boolean
}

/** A file that was found and will not run. */
export interface SkippedFile {
  path: string
  reason: string
}

/** What the input `schema` names. */
export interface SchemaSource {
  /** For people: `sql/`, `learnflow (bundled)`. */
  description: string
  /** In the order to run: as the entries come, by name within an entry, repeatable files behind all others. */
  files: SchemaFile[]
  skipped: SkippedFile[]
}

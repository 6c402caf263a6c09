import { readFileSync } from 'node:fs'
import { ActionError, errorCode, errorMessage } from '../../../runtime/errors.ts'
import { type Place, placeAt } from '../../sql/text-place.ts'
import { checksumOf } from './checksum.ts'
import { saysRepeatable } from './directives.ts'
import { type FoundFile, findFiles } from './find.ts'
import { refuseForeignFormats, refuseForeignNames } from './foreign-tools.ts'
import { compareNames, isRepeatableName, skipReason } from './order.ts'
import type { SchemaFile, SchemaSource, SkippedFile } from './schema-file.ts'

/** Where to look for the files of a schema. */
export interface ReadSchemaOptions {
  workspace: string
  /** Folder of the schema `learnflow` that comes with the action. */
  bundledDirectory: string
  /** Lines of the input `schema`: `learnflow`, a folder, a file, a glob. */
  entries: string[]
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

// By their byte order mark, as editors on Windows write them: https://www.unicode.org/faq/utf_bom.html
const UTF_16 = [
  { mark: 'fffe', decoder: new TextDecoder('utf-16le', { fatal: true }) },
  { mark: 'feff', decoder: new TextDecoder('utf-16be', { fatal: true }) },
]

/**
 * Finds and reads the SQL files of a schema. Throws an {@link ActionError} for an entry that names nothing or something
 * outside the workspace, a file named twice, two files of the same ledger name, a name or text that is not UTF-8, what is
 * no readable file, and files in the format of another migration tool.
 *
 * Ledger names are relative to their entry's folder and must be unique: putting the entry's name in front of the second
 * one would give files a new name, and so run them again, as soon as the order of the entries changes.
 */
export async function readSchema(options: ReadSchemaOptions): Promise<SchemaSource> {
  const entries = options.entries.map((entry) => entry.trim()).filter((entry) => entry !== '')
  const skipped: SkippedFile[] = []
  const wanted: FoundFile[] = []
  for (const entry of entries) {
    const found = await findFiles({ ...options, entry })
    refuseForeignNames(found.files.filter((file) => !file.bundled))
    skipped.push(...found.skipped)
    const [run, undo] = partition(found.files, (file) => skipReason(file.name) === '')
    skipped.push(...undo.map((file) => ({ path: file.path, reason: skipReason(file.name) })))
    if (run.length === 0) throw nothingToRun(entry, found.lookedFor, undo.length)
    wanted.push(...run.sort((a, b) => compareNames(a.name, b.name)))
  }
  refuseDuplicates(wanted)
  const files = wanted.map(readOne)
  await refuseForeignFormats(
    options.workspace,
    files.filter((file) => !file.bundled),
  )
  const [once, repeatable] = partition(files, (file) => file.kind === 'once')
  return { description: entries.map(describe).join(', '), files: [...once, ...repeatable], skipped }
}

function describe(entry: string): string {
  return entry === 'learnflow' ? 'learnflow (bundled)' : entry
}

function partition<T>(items: T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))]
}

function nothingToRun(entry: string, lookedFor: string, undone: number): ActionError {
  const cause = undone > 0 ? `${lookedFor} are only files that undo migrations` : `there are no ${lookedFor}`
  return new ActionError(`Could not take the schema "${entry}": ${cause}.`, {
    advice: 'Correct the input schema, or check out the repository before this step.',
  })
}

function refuseDuplicates(files: FoundFile[]): void {
  const byReal = new Map<string, FoundFile>()
  const byName = new Map<string, FoundFile>()
  for (const file of files) {
    const same = byReal.get(file.real)
    if (same) {
      throw new ActionError(`Could not take the schema file ${file.path}: it is named twice, also as ${same.path}.`, {
        advice: 'Name each file once in the input schema.',
      })
    }
    const clash = byName.get(file.name)
    if (clash) {
      throw new ActionError(
        `Could not take the schema file ${file.path}: the ledger knows files by their name below the entry, and "${file.name}" is also the name of ${clash.path}.`,
        { advice: 'Rename one of them, or name the folder above both as the one entry of the input schema.' },
      )
    }
    byReal.set(file.real, file)
    byName.set(file.name, file)
  }
}

function readOne(found: FoundFile): SchemaFile {
  const text = decode(found.path, bytesOf(found))
  const repeatable = isRepeatableName(found.name) || saysRepeatable(text)
  return {
    path: found.path,
    name: found.name,
    absolute: found.absolute,
    text,
    checksum: checksumOf(text),
    kind: repeatable ? 'repeatable' : 'once',
    bundled: found.bundled,
  }
}

function bytesOf({ path: file, absolute }: FoundFile): Buffer {
  try {
    return readFileSync(absolute)
  } catch (error) {
    const cause = errorCode(error) === 'EACCES' ? 'it may not be read' : errorMessage(error)
    throw new ActionError(`Could not read ${file}: ${cause}.`, {
      advice: 'Give the user that runs the job the right to read it, for example with chmod a+r.',
      location: { file, line: 1 },
    })
  }
}

function decode(file: string, bytes: Buffer): string {
  const text = textOf(file, bytes)
  const nul = text.indexOf('\0')
  if (nul >= 0) {
    throw unreadable(file, 'it holds a NUL character, which PostgreSQL does not take', placeAt(text, nul))
  }
  return text
}

function textOf(file: string, bytes: Buffer): string {
  const wide = UTF_16.find(({ mark }) => bytes.toString('hex', 0, 2) === mark)
  try {
    return (wide?.decoder ?? UTF_8).decode(bytes)
  } catch {
    if (wide) throw unreadable(file, 'it begins as UTF-16, but is not valid UTF-16', { line: 1, column: 1 })
    throw unreadable(file, 'it is not valid UTF-8', placeOfBadByte(bytes))
  }
}

// Decoded as far as possible, a bad byte becomes U+FFFD; that character itself is three bytes in the file.
function placeOfBadByte(bytes: Buffer): Place {
  const text = bytes.toString()
  let [from, offset] = [0, 0]
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', from)) {
    offset += Buffer.byteLength(text.slice(from, at))
    if (bytes.toString('hex', offset, offset + 3) !== 'efbfbd') return placeAt(text, at)
    offset += 3
    from = at + 1
  }
  return { line: 1, column: 1 }
}

function unreadable(file: string, cause: string, { line, column }: Place): ActionError {
  return new ActionError(`Could not read ${file}, line ${line}, column ${column}: ${cause}.`, {
    advice: 'Save the file as UTF-8. Where it sets client_encoding, set it to UTF8.',
    location: { file, line },
  })
}

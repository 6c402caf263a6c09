import { ActionError } from '../../../runtime/errors.ts'
import { type Statement, splitWith } from '../../sql/split.ts'
import { placeAt } from '../../sql/text-place.ts'
import { endOfLine, type Unterminated } from '../../sql/tokens.ts'
import { copyDirection, copyRows, isCopyFromStdin } from './copy-rows.ts'
import type { SchemaFile } from './schema-file.ts'
import { shellWord } from './shell-word.ts'

/** A file of the schema as it will be sent: its statements, with offsets into `file.text`. */
export interface Script {
  file: SchemaFile
  statements: Statement[]
}

/**
 * Reads a file as psql would as far as pg_dump needs it: the byte-order mark and the lines `\restrict` and
 * `\unrestrict` are left out, and the rows behind `COPY … FROM stdin;` go with their statement. Throws an
 * {@link ActionError} with its place for any other backslash command, for a quote or comment that is never closed, for a
 * COPY block without its end, and for `COPY … TO stdout`, whose rows nobody would read.
 */
export function parseScript(file: SchemaFile): Script {
  const { text } = file
  const statements = splitWith(text, {
    onBackslash: (offset, inside) => passBackslash(file, offset, inside),
    onStatement: (statement, after) => (isCopyFromStdin(statement) ? takeRows(file, statement, after) : after),
    onUnterminated: (what, offset) => {
      throw problem(file, offset, `unterminated ${what}`, { advice: `Close what opens here: ${CLOSED_BY[what]}.` })
    },
  })
  for (const statement of statements) {
    refuseOtherEncoding(file, statement)
    if (copyDirection(statement) === 'to stdout') {
      throw problem(file, statement.start, 'COPY … TO stdout sends rows to a client, and here nobody reads them', {
        advice: 'Remove the statement from the file.',
      })
    }
    if (isCopyFromStdin(statement) && statement.copyData === undefined) throw unfinishedCopy(file, statement)
  }
  return { file, statements }
}

const CLOSED_BY: Record<Unterminated, string> = {
  '/* comment': 'each /* needs a */ of its own, also within a comment',
  'quoted string': "the string needs a closing ', and a ' within it is written twice",
  'quoted identifier': 'the name needs a closing ", and a " within it is written twice',
  'dollar-quoted string': 'the same tag in dollar signs has to stand at its end',
  'bit string literal': "the constant needs a closing '",
  'hexadecimal string literal': "the constant needs a closing '",
}

function passBackslash(file: SchemaFile, offset: number, inside: boolean): number {
  const command = /^\\[^\s\\]*/.exec(file.text.slice(offset, offset + 80))?.[0] ?? '\\'
  const atLineStart = /(?:^\ufeff?|[\r\n])[ \t]*$/.test(file.text.slice(Math.max(0, offset - 200), offset))
  const harmless = command === '\\restrict' || command === '\\unrestrict'
  if (harmless && atLineStart && !inside) return endOfLine(file.text, offset)
  throw problem(file, offset, `${command} is a command of psql, not SQL`, { advice: psqlAdvice(file) })
}

/** How to run a file with psql instead. */
function psqlAdvice(file: SchemaFile): string {
  return `Remove it, or run the file with psql through the input migrate_command: psql "$DIRECT_URL" -v ON_ERROR_STOP=1 -f ${shellWord(file.path)}`
}

const SETS_ENCODING =
  /^set\s+(?:(?:session|local)\s+)?(?:client_encoding\s*(?:=|\bto\b)|names)\s*["']?([\w-]+)|\bset_config\s*\(\s*'client_encoding'\s*,\s*'([\w-]+)'/i
// Those in which the server takes the bytes of UTF-8 as they are.
const SAME_BYTES = new Set(['utf8', 'unicode', 'sqlascii', 'default'])

// The file was read as UTF-8 and is sent so: the server would take its letters for those of the other encoding.
function refuseOtherEncoding(file: SchemaFile, statement: Statement): void {
  const [first] = statement.words
  if (first !== 'set' && first !== 'select') return
  const match = SETS_ENCODING.exec(statement.text)
  const encoding = match?.[1] ?? match?.[2]
  if (encoding === undefined || SAME_BYTES.has(encoding.toLowerCase().replace(/[^a-z0-9]/g, ''))) return
  if (/^\ufeff?[\x00-\x7f]*$/.test(file.text)) return
  throw problem(file, statement.start, `it sets client_encoding to ${encoding}, but the file is UTF-8`, {
    advice:
      "Write SET client_encoding = 'UTF8', or leave the statement out: the letters of the file would be stored as others.",
  })
}

// The rows begin on the next line and end before a line that is exactly `\.`, or where the file ends.
function takeRows(file: SchemaFile, statement: Statement, after: number): number {
  const { text } = file
  const lineEnd = endOfLine(text, after)
  const rest = text.slice(after, lineEnd).trim()
  if (rest && !rest.startsWith('--')) {
    throw problem(file, after, 'the rows of COPY … FROM stdin must begin on the next line', {
      advice: 'Put what follows the semicolon behind the rows.',
    })
  }
  const { start, end, behind } = copyRows(text, after)
  // As psql does, but not over what looks like the SQL behind rows whose end was forgotten.
  if (behind < 0 && /;[ \t]*(?:--.*)?$/m.test(text.slice(start))) throw unfinishedCopy(file, statement)
  statement.copyStart = start
  statement.copyData = text.slice(start, end)
  return behind < 0 ? text.length : behind
}

function unfinishedCopy(file: SchemaFile, statement: Statement): ActionError {
  return problem(file, statement.start, 'COPY … FROM stdin has no rows that end with a line \\.', {
    advice: 'Put the rows behind the statement and a line with only \\. behind the rows, as pg_dump does.',
  })
}

function problem(file: SchemaFile, offset: number, cause: string, details: { advice: string }): ActionError {
  const place = placeAt(file.text, offset)
  return new ActionError(`Could not read ${file.path}, line ${place.line}: ${cause}.`, {
    ...details,
    location: { file: file.path, ...place },
  })
}

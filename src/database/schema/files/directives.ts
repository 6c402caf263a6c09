import { ActionError } from '../../../runtime/errors.ts'
import { splitWith } from '../../sql/split.ts'
import { placeAt } from '../../sql/text-place.ts'
import { endOfLine } from '../../sql/tokens.ts'
import { copyRows, isCopyFromStdin } from './copy-rows.ts'
import type { SchemaFile } from './schema-file.ts'

/** A `--` comment, or a line that begins with `#`: its text without line break, and where it stands (UTF-16). */
export interface LineComment {
  text: string
  start: number
}

// What every comment has that could be an instruction: cheap to look for before the text is read token by token.
const CANDIDATE =
  /neon:|atlas:|\+goose|\+migrate|migrate:|migration|pg-migrate|disable-transaction|disable_ddl_transaction|--!|tern:|drop\s+below|rambler|==|@undo|!ups|!downs|liquibase|changeset|depends:|transactional:|\.sql\s+--|deploy|revert|verify|down|undo|rollback|backward/i

// Longer comments are prose; none of the forms looks further.
const LONGEST = 300
const HEADING = 60

/**
 * The `--` comments of a text that could be instructions to a migration tool. Comments within strings, function
 * bodies and block comments are none. Lines that begin with `#` are taken for comments, as Play does.
 */
export function instructions(source: string): LineComment[] {
  if (!CANDIDATE.test(source)) return []
  const found: LineComment[] = []
  const take = (start: number) => {
    const text = source.slice(start, Math.min(endOfLine(source, start), start + LONGEST))
    // A heading of one word is an instruction only together with another.
    if (CANDIDATE.test(text) || text.length < HEADING) found.push({ text, start })
  }
  splitWith(source, {
    onComment: (start) => {
      if (source[start] === '-') take(start)
    },
    // A quote in a row opens nothing.
    onStatement: (statement, after) =>
      isCopyFromStdin(statement) ? Math.max(after, copyRows(source, after).behind) : after,
  })
  for (const { index } of source.matchAll(/^\ufeff?#[^\r\n]*!(?:ups|downs)\b/gim)) take(index)
  return found
}

/** Whether a comment `-- neon: repeatable` stands in the text. */
export function saysRepeatable(source: string): boolean {
  return instructions(source).some(({ text }) => ownDirective(text) === 'repeatable')
}

const OWN = new Set(['repeatable', 'no-transaction'])

function ownDirective(comment: string): string | undefined {
  return /^--[ \t]*neon:[ \t]*([\w-]+)[ \t]*$/i.exec(comment)?.[1]?.toLowerCase()
}

// Of other tools, as their manuals have it: dbmate, graphile-migrate, Atlas, postgres-migrations, goose.
const NO_TRANSACTION = [
  /^--[ \t]*migrate:up[ \t].*\btransaction:[ \t]*false\b/i,
  /^--![ \t]*no-transaction\b/i,
  /^--[ \t]*atlas:txmode[ \t]+none\b/i,
  /^--[ \t]*(?:postgres-migrations[ \t]+|pg-migrate[ \t]+)?disable-transaction\b/i,
  /^--[ \t]*\+goose[ \t]+NO[ \t]+TRANSACTION\b/i,
]

/**
 * Whether a comment says that the file runs outside a transaction: `-- neon: no-transaction`, or the same in the words
 * of a well-known tool. Throws an {@link ActionError} for a `-- neon:` word that does not exist, since a misspelt
 * instruction must not be passed over.
 */
export function saysNoTransaction(file: SchemaFile): boolean {
  const comments = instructions(file.text)
  for (const { text, start } of comments) {
    const directive = ownDirective(text)
    if (directive === undefined || OWN.has(directive)) continue
    const place = placeAt(file.text, start)
    throw new ActionError(`Could not read ${file.path}, line ${place.line}: there is no instruction "${directive}".`, {
      advice: 'Write -- neon: no-transaction or -- neon: repeatable, or another comment.',
      location: { file: file.path, ...place },
    })
  }
  return comments.some(
    ({ text }) => ownDirective(text) === 'no-transaction' || NO_TRANSACTION.some((form) => form.test(text)),
  )
}

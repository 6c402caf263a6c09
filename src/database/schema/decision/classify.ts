import { destroys } from '../../sql/destroys.ts'
import { hasWords, itemsOf, nameAt } from '../../sql/items.ts'
import type { Statement } from '../../sql/split.ts'
import { touchExisting } from '../../sql/touches.ts'
import { controlsTransaction, refusesTransaction } from '../../sql/transactions.ts'
import { saysNoTransaction } from '../files/directives.ts'
import type { Script } from '../files/script.ts'

/** An `ALTER TYPE … ADD VALUE`, whose value PostgreSQL lets nobody use before it is committed. */
export interface AddedEnumValue {
  statement: Statement
  type: string
  /** The string constant as written, with its quotes. */
  literal: string
}

/** What the text of a file tells about how it must run and what it does. */
export interface Classification {
  /** `none` when a comment says so; statements that refuse a transaction are in `nonTransactional` instead. */
  transaction: 'file' | 'none'
  /** Statements that PostgreSQL refuses in a transaction, and ADD VALUE whose value the file uses further on. */
  nonTransactional: Statement[]
  /** The file's own BEGIN, COMMIT, ROLLBACK…; savepoints are none. */
  transactionControl: Statement[]
  /** What destroys data, with words for people: `DROP TABLE orders`. */
  destructive: { statement: Statement; what: string }[]
  /** Whether the file may lock, rewrite or write to a table that was there before it. */
  touchesExisting: boolean
  /** For running several files in one transaction: another file may use these values only after a commit. */
  addedEnumValues: AddedEnumValue[]
}

// So many values are looked for in every statement behind them.
const MOST_LOOKED_FOR = 100

/** Classifies a file by its text alone. Throws an `ActionError` for a misspelt `-- neon:` instruction. */
export function classify(script: Script): Classification {
  const { statements } = script
  const added = addedEnumValues(statements)
  const used =
    added.length > MOST_LOOKED_FOR
      ? addedBeforeOthers(statements, added)
      : added.filter((value) => isUsedIn(statements, value))
  const usedHere = new Set(used.map(({ statement }) => statement))
  return {
    transaction: saysNoTransaction(script.file) ? 'none' : 'file',
    nonTransactional: statements.filter((statement) => refusesTransaction(statement) || usedHere.has(statement)),
    transactionControl: statements.filter(controlsTransaction),
    destructive: statements.flatMap((statement) => {
      const what = destroys(statement)
      return what ? [{ statement, what }] : []
    }),
    touchesExisting: touchExisting(statements),
    addedEnumValues: added,
  }
}

// A type that the same transaction creates may be used at once, so its new values do not count.
function addedEnumValues(statements: Statement[]): AddedEnumValue[] {
  const created = new Set<string>()
  const added: AddedEnumValue[] = []
  for (const statement of statements) {
    const [first, second] = statement.words
    if (second !== 'type' || (first !== 'create' && first !== 'alter')) continue
    const items = itemsOf(statement.text, 20)
    const { name, next } = nameAt(items, 2)
    if (first === 'create') created.add(name)
    else if (hasWords(items, next, 'add', 'value') && !created.has(name)) {
      const literal = items.slice(next).find((item) => item.kind === 'string')
      if (literal) added.push({ statement, type: name, literal: literal.text })
    }
  }
  return added
}

function isUsedIn(statements: Statement[], { statement, literal }: AddedEnumValue): boolean {
  const later = statements.slice(statements.indexOf(statement) + 1)
  return later.some((other) => {
    const { text, copyData } = other
    return !addsValue(other) && (text.includes(literal) || copyData?.includes(literal.slice(1, -1)))
  })
}

function addsValue({ words }: Statement): boolean {
  return words[0] === 'alter' && words[1] === 'type' && words.includes('add')
}

/** Those behind which anything else stands, which may use them: to look for each in all of it would take too long. */
function addedBeforeOthers(statements: Statement[], added: AddedEnumValue[]): AddedEnumValue[] {
  const last = statements.findLastIndex((statement) => !addsValue(statement))
  const before = new Set(statements.slice(0, last))
  return added.filter(({ statement }) => before.has(statement))
}

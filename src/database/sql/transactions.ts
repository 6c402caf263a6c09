import { hasWords, type Item, indexOfWord, itemsOf } from './items.ts'
import type { Statement } from './split.ts'

/**
 * Whether PostgreSQL refuses the statement inside a transaction block (SQLSTATE 25001 or 2D000), as far as its text
 * tells: `PreventInTransactionBlock` in the server's sources. What depends on the catalog stays unseen: REINDEX and
 * CLUSTER of a partitioned table, and procedures that commit. A subscription may be dropped in a transaction when it
 * has no slot; that is not in the text either, and it counts as refused.
 */
export function refusesTransaction(statement: Statement): boolean {
  const [first = ''] = statement.words
  return REFUSALS[first]?.(statement) ?? false
}

const REFUSALS: Record<string, (statement: Statement) => boolean> = {
  vacuum: () => true,
  reindex: refusesReindex,
  create: refusesCreate,
  drop: refusesDrop,
  alter: refusesAlter,
  cluster: ({ text }) => clustersAll(itemsOf(text)),
  discard: ({ words }) => words[1] === 'all',
  do: ({ text }) => itemsOf(text).some((item) => item.kind === 'string' && endsTransaction(bodyOf(item.text))),
}

function refusesReindex({ text, words }: Statement): boolean {
  const [, what = '', next] = words
  if (['schema', 'database', 'system'].includes(what) || next === 'concurrently') return true
  return option(itemsOf(text), 'concurrently') === true
}

function refusesCreate({ text, words }: Statement): boolean {
  const [, what = '', next] = words
  if (what === 'database' || what === 'tablespace') return true
  if (what === 'index') return next === 'concurrently'
  if (what === 'unique') return next === 'index' && words[3] === 'concurrently'
  if (what !== 'subscription') return false
  const items = itemsOf(text)
  return option(items, 'connect') !== false && option(items, 'create_slot') !== false
}

function refusesDrop({ words }: Statement): boolean {
  const [, what = '', next] = words
  return ['database', 'tablespace', 'subscription'].includes(what) || (what === 'index' && next === 'concurrently')
}

function refusesAlter({ text, words }: Statement): boolean {
  const [, what = ''] = words
  if (what === 'system') return true
  if (what !== 'database' && what !== 'table' && what !== 'subscription') return false
  const items = itemsOf(text)
  if (what === 'database') return hasWords(items, 3, 'set', 'tablespace')
  if (what === 'table') {
    const detach = indexOfWord(items, ['detach'], { from: 3, depth: 0 })
    return detach > 0 && hasWords(items, detach + 1, 'partition') && items.at(-1)?.text === 'concurrently'
  }
  return refusesAlterSubscription(items)
}

function refusesAlterSubscription(items: Item[]): boolean {
  const action = items[3]
  if (action?.kind !== 'word') return false
  if (action.text === 'refresh') return true
  if (hasWords(items, 4, 'publication')) return option(items, 'refresh') !== false
  return action.text === 'set' && (option(items, 'failover') !== undefined || option(items, 'two_phase') === false)
}

function clustersAll(items: Item[]): boolean {
  return (
    items.slice(1).every((item) => item.depth > 0 || item.kind !== 'word' || item.text === 'verbose') && !hasName(items)
  )
}

function hasName(items: Item[]): boolean {
  return items.some((item) => item.kind === 'name')
}

/** The value of an option in parentheses, `(refresh = false)`; true without a value, undefined when it is not there. */
function option(items: Item[], name: string): boolean | undefined {
  const index = items.findIndex((item) => item.depth === 1 && item.kind === 'word' && item.text === name)
  if (index < 0) return undefined
  const value = items[index + (items[index + 1]?.text === '=' ? 2 : 1)]
  return !/^'?(?:false|off|0|no)'?$/i.test(value?.text ?? '')
}

/** The text between the quotes of a string constant. */
function bodyOf(literal: string): string {
  const tag = /^\$[^$]*\$/.exec(literal)?.[0]
  if (tag) return literal.slice(tag.length, -tag.length)
  return literal.slice(literal.indexOf("'") + 1, -1)
}

// COMMIT and ROLLBACK are statements of PL/pgSQL where a statement may begin; they take AND [NO] CHAIN, nothing else.
const STATEMENT_FOLLOWS = new Set([';', 'begin', 'then', 'else', 'loop', '>'])

function endsTransaction(body: string): boolean {
  if (!/\b(?:commit|rollback)\b/i.test(body)) return false
  const items = itemsOf(body)
  return items.some(
    (item, index) =>
      item.kind === 'word' &&
      (item.text === 'commit' || item.text === 'rollback') &&
      STATEMENT_FOLLOWS.has(items[index - 1]?.text ?? '') &&
      [';', 'and'].includes(items[index + 1]?.text ?? ''),
  )
}

/**
 * Whether the statement begins or ends a transaction of its own: BEGIN, START TRANSACTION, COMMIT, END, ROLLBACK, ABORT,
 * PREPARE TRANSACTION, COMMIT or ROLLBACK PREPARED. Savepoints are none: they work within the transaction of the file.
 */
export function controlsTransaction({ words }: Statement): boolean {
  const [first = '', second = '', third] = words
  if (first === 'rollback') {
    return second !== 'to' && !((second === 'work' || second === 'transaction') && third === 'to')
  }
  if (first === 'prepare' || first === 'start') return second === 'transaction'
  return ['begin', 'commit', 'end', 'abort'].includes(first)
}

import { hasWords, type Item, indexOfWord, itemsOf, nameAt, passWords } from './items.ts'
import type { Statement } from './split.ts'

/**
 * Whether any of the statements may touch a table that was there before them: take a lock on it that others notice,
 * rewrite it, or write its rows. Tables that the statements create themselves do not count. In doubt the answer is yes.
 */
export function touchExisting(statements: Statement[]): boolean {
  const created = new Set<string>()
  for (const statement of statements) {
    if (!staysWithin(statement, created)) return true
    const name = createdTable(statement)
    if (name) created.add(name)
  }
  return false
}

const CREATE_ADJECTIVES = ['or', 'replace', 'temp', 'temporary', 'unlogged', 'unique', 'global', 'local', 'constraint']

function createdTable(statement: Statement): string {
  if (statement.words[0] !== 'create') return ''
  const items = itemsOf(statement.text, 20)
  const at = passWords(items, 1, CREATE_ADJECTIVES)
  // IF NOT EXISTS may mean a table that was there.
  if (!hasWords(items, at, 'table') || hasWords(items, at + 1, 'if')) return ''
  return nameAt(items, at + 1).name
}

const HARMLESS = new Set([
  'set',
  'reset',
  'show',
  'grant',
  'revoke',
  'savepoint',
  'release',
  'listen',
  'notify',
  'checkpoint',
])
const HARMLESS_KINDS = new Set(
  'type domain function procedure aggregate sequence schema role user group default operator cast collation language'.split(
    ' ',
  ),
)

function staysWithin(statement: Statement, created: Set<string>): boolean {
  const [first = ''] = statement.words
  if (HARMLESS.has(first)) return true
  if (first === 'select') return callsOnlySettings(statement)
  if (first === 'create') return createStaysWithin(itemsOf(statement.text), created)
  if (first === 'alter') return alterStaysWithin(itemsOf(statement.text), created)
  const head = itemsOf(statement.text, 40)
  if (first === 'insert') return created.has(nameAt(head, 2).name)
  if (first === 'copy') return created.has(nameAt(head, 1).name)
  if (first === 'comment') return commentStaysWithin(head, created)
  return false
}

// What pg_dump writes between tables.
function callsOnlySettings(statement: Statement): boolean {
  const items = itemsOf(statement.text)
  const { name, next } = nameAt(items, 1)
  const known = ['set_config', 'pg_catalog.set_config', 'setval', 'pg_catalog.setval'].includes(name)
  if (!known || items[next]?.kind !== 'open') return false
  const close = items.findIndex((item, index) => index > next && item.kind === 'close' && item.depth === 0)
  return close === items.length - 1 && indexOfWord(items, ['select', 'from'], { from: next }) < 0
}

function createStaysWithin(items: Item[], created: Set<string>): boolean {
  const at = passWords(items, 1, CREATE_ADJECTIVES)
  const kind = items[at]?.text ?? ''
  const replaces = hasWords(items, 1, 'or', 'replace')
  if (kind === 'view' || kind === 'recursive') return !replaces
  if (kind === 'index' || kind === 'policy' || kind === 'trigger') {
    const on = indexOfWord(items, ['on'], { from: at, depth: 0 })
    const target = nameAt(items, passWords(items, on + 1, ['only'])).name
    return on > 0 && created.has(target) && referencesStayWithin(items, created)
  }
  if (kind === 'schema') return indexOfWord(items, ['create']) === items.findLastIndex((item) => item.text === 'create')
  if (HARMLESS_KINDS.has(kind)) return true
  if (kind !== 'table' || hasWords(items, at + 1, 'if')) return false
  const self = nameAt(items, at + 1).name
  const copies = indexOfWord(items, ['as', 'inherits'], { depth: 0 }) > 0
  return !copies && referencesStayWithin(items, created, self)
}

function alterStaysWithin(items: Item[], created: Set<string>): boolean {
  const kind = items[1]?.text ?? ''
  if (kind === 'type') return indexOfWord(items, ['attribute']) < 0
  // A domain's new constraint is checked in all tables that use it.
  if (kind !== 'table') return kind !== 'domain' && HARMLESS_KINDS.has(kind)
  const { name } = nameAt(items, passWords(items, 2, ['if', 'exists', 'only']))
  return created.has(name) && referencesStayWithin(items, created)
}

// REFERENCES x, PARTITION OF x, ATTACH PARTITION x, DETACH PARTITION x: the other table is locked too.
function referencesStayWithin(items: Item[], created: Set<string>, self?: string): boolean {
  const within = (index: number) => {
    const { name } = nameAt(items, index)
    return name === self || created.has(name)
  }
  return items.every((item, index) => {
    if (item.kind !== 'word') return true
    if (item.text === 'references') return within(index + 1)
    if (item.text === 'inherit') return within(index + 1)
    if (item.text !== 'partition') return true
    const before = items[index - 1]?.text
    if (hasWords(items, index + 1, 'of')) return within(index + 2)
    return (before !== 'attach' && before !== 'detach') || within(index + 1)
  })
}

function commentStaysWithin(items: Item[], created: Set<string>): boolean {
  const kind = items[2]?.text ?? ''
  if (kind === 'table') return created.has(nameAt(items, 3).name)
  if (kind === 'column') return created.has(nameAt(items, 3).name.split('.').slice(0, -1).join('.'))
  const on = indexOfWord(items, ['on'], { from: 3 })
  return on < 0 || created.has(nameAt(items, on + 1).name)
}

import { hasWords, type Item, indexOfWord, itemsOf, nameAt, passWords } from './items.ts'
import type { Statement } from './split.ts'

/** What a statement destroys, for people (`DROP TABLE orders`), or an empty string. */
export function destroys(statement: Statement): string {
  const [first = '', what = ''] = statement.words
  if (first === 'truncate') return `TRUNCATE ${firstName(itemsOf(statement.text, 50), 1, ['table', 'only'])}`
  if (first === 'drop') return dropped(statement, what)
  if (first === 'alter') return droppedParts(statement)
  if (first === 'delete') {
    const items = itemsOf(statement.text)
    const all = indexOfWord(items, ['where'], { depth: 0 }) < 0
    return all ? `DELETE without WHERE from ${firstName(items, 1, ['from', 'only'])}` : ''
  }
  return ''
}

function firstName(items: Item[], from: number, pass: string[]): string {
  return nameAt(items, passWords(items, from, pass)).name
}

const DROPS_DATA = new Set(['table', 'schema', 'database', 'owned', 'materialized', 'foreign', 'tablespace'])

function dropped(statement: Statement, what: string): string {
  const items = itemsOf(statement.text)
  const cascades = items.at(-1)?.text === 'cascade'
  if (!DROPS_DATA.has(what) && !cascades) return ''
  if (what === 'foreign' && !hasWords(items, 2, 'table')) return cascades ? 'DROP FOREIGN … CASCADE' : ''
  const kind = what === 'materialized' || what === 'foreign' ? 2 : 1
  const kindWords = items.slice(1, 1 + kind).map((item) => item.text)
  const name = firstName(items, 1 + kind, ['if', 'exists', 'by', 'concurrently'])
  return `DROP ${kindWords.join(' ').toUpperCase()} ${name}${cascades ? ' CASCADE' : ''}`
}

const KEEPS_DATA = ['constraint', 'default', 'not', 'identity', 'expression']

// ALTER TABLE … DROP [COLUMN] a, ALTER TYPE … DROP ATTRIBUTE a.
function droppedParts(statement: Statement): string {
  const items = itemsOf(statement.text)
  const from = passWords(items, 1, ['foreign', 'table', 'type', 'if', 'exists', 'only'])
  if (!hasWords(items, 1, 'table') && !hasWords(items, 1, 'foreign', 'table') && !hasWords(items, 1, 'type')) return ''
  const { name, next } = nameAt(items, from)
  const parts: string[] = []
  for (let index = next; index < items.length; index += 1) {
    const isAction =
      items[index]?.depth === 0 && (index === next || items[index - 1]?.text === ',' || items[index - 1]?.text === '*')
    if (!isAction || !hasWords(items, index, 'drop')) continue
    const following = items[index + 1]
    if (following?.kind === 'word' && KEEPS_DATA.includes(following.text)) continue
    parts.push(`${name}.${firstName(items, index + 1, ['column', 'attribute', 'if', 'exists'])}`)
  }
  return parts.length > 0 ? `DROP COLUMN ${parts.join(', ')}` : ''
}

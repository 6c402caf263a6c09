import type { Fact, FactKind } from '../../model.ts'
import { OWN_SCHEMA } from '../own-schema.ts'
import { splitStatements } from '../sql/split.ts'

/** A statement of a dump: what it makes, as facts, and its text. */
export interface DumpStatement {
  /** The object that it makes or adds to. */
  key: string
  facts: Fact[]
  text: string
}

// As pg_dump writes names: qualified, quoted where SQL needs it.
const NAME = String.raw`(?:"(?:[^"]|"")+"|[\p{L}\p{N}_$]+)(?:\.(?:"(?:[^"]|"")+"|[\p{L}\p{N}_$]+))*`

interface Form {
  pattern: RegExp
  kind: FactKind
  /** Of a thing that belongs to a table: the table's name, told after its own. */
  onTable?: boolean
}

const form = (kind: FactKind, text: string, onTable = false): Form => ({
  pattern: new RegExp(text.replaceAll('NAME', `(${NAME})`), 'su'),
  kind,
  onTable,
})

const FORMS: readonly Form[] = [
  form('schema', '^CREATE SCHEMA NAME'),
  form('extension', '^CREATE EXTENSION (?:IF NOT EXISTS )?NAME'),
  form('enum', '^CREATE TYPE NAME AS ENUM'),
  form('type', '^CREATE TYPE NAME'),
  form('domain', '^CREATE DOMAIN NAME'),
  form('sequence', '^CREATE (?:UNLOGGED )?SEQUENCE NAME'),
  form('view', '^CREATE (?:OR REPLACE )?(?:RECURSIVE )?VIEW NAME'),
  form('materialized view', '^CREATE MATERIALIZED VIEW NAME'),
  form('index', '^CREATE (?:UNIQUE )?INDEX NAME ON (?:ONLY )?NAME', true),
  form('event trigger', '^CREATE EVENT TRIGGER NAME'),
  form('trigger', '^CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER NAME .*? ON NAME', true),
  form('policy', '^CREATE POLICY NAME ON NAME', true),
  form('rule', '^CREATE (?:OR REPLACE )?RULE NAME AS\\s+ON \\w+ TO NAME', true),
  form('statistics', '^CREATE STATISTICS NAME'),
]

// Told apart by the types of its arguments.
const FUNCTION = new RegExp(`^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE|AGGREGATE) (${NAME})(.*)$`, 'su')
const TABLE = new RegExp(`^CREATE (?:UNLOGGED |FOREIGN )*TABLE (?:IF NOT EXISTS )?(${NAME})(.*)$`, 'su')
const CONSTRAINT = new RegExp(`^ALTER TABLE (?:ONLY )?(${NAME})\\s+ADD CONSTRAINT (${NAME}) (.*)$`, 'su')
const ATTACHED = new RegExp(`^ALTER TABLE (?:ONLY )?${NAME}\\s+ATTACH PARTITION (${NAME}) (.*)$`, 'su')
const OF_COLUMN = new RegExp(`^ALTER (?:FOREIGN )?TABLE (?:ONLY )?(${NAME})\\s+ALTER COLUMN (${NAME}) (.*)$`, 'su')
const OF_TABLE = new RegExp(`^ALTER (?:FOREIGN )?TABLE (?:ONLY )?(${NAME})\\s+(.*)$`, 'su')
const OF_OBJECT = new RegExp(`^ALTER (SEQUENCE|INDEX|VIEW|MATERIALIZED VIEW) (${NAME}) (.*)$`, 'su')
const OWNER = /^ALTER .* OWNER TO /s
const COMMENT = /^COMMENT ON (.*?) IS /s

/**
 * The statements of a schema as `pg_dump --schema-only` writes it (Neon's API gives the schema of a branch so), those of the
 * action's own schema left out. Settings of the session say nothing of the schema; a kind that only its SQL tells is an `object`.
 */
export function dumpStatements(sql: string): DumpStatement[] {
  // Its token is another one in each dump.
  const text = sql.replace(/^\\(?:un)?restrict .*$/gm, '')
  return splitStatements(text)
    .filter(({ words }) => words[0] !== 'set' && words[0] !== 'select')
    .map(({ text: statement }) => parse(statement))
    .filter(({ key, text: statement }) => !isOwn(key, statement))
}

const OWN = new RegExp(`(?:^|[^\\w.$])"?${OWN_SCHEMA}"?(?:\\.|$|\\s|;)`)

/** Of the action's own schema by the name of the object; a view that reads one of its tables is the user's. */
function isOwn(key: string, text: string): boolean {
  if (OWN.test(key)) return true
  return /^(?:GRANT|REVOKE|ALTER DEFAULT|COMMENT)/.test(text) && OWN.test(text.replace(/ IS '.*$/s, ''))
}

function parse(text: string): DumpStatement {
  // Who owns an object is no part of what it is.
  if (OWNER.test(text)) return { key: text.replace(/^ALTER .*? (\S+) OWNER TO .*$/s, '$1'), facts: [], text }
  return tableOf(text) ?? constraintOf(text) ?? partOf(text) ?? functionOf(text) ?? objectOf(text) ?? otherOf(text)
}

function tableOf(text: string): DumpStatement | undefined {
  const [, id, rest = ''] = TABLE.exec(text) ?? []
  if (id === undefined) return undefined
  const { inside, behind } = parenthesis(rest)
  const table: Fact = { kind: 'table', id, table: id, definition: `table${behind ? `\n${behind}` : ''}` }
  return { key: id, facts: [table, ...inside.map((part) => partOfTable(id, part))], text }
}

const INLINE = new RegExp(`^CONSTRAINT (${NAME}) (.*)$`, 'su')
const COLUMN = new RegExp(`^(${NAME})(?: (.*))?$`, 'su')

function partOfTable(table: string, part: string): Fact {
  const [, constraint, check = ''] = INLINE.exec(part) ?? []
  if (constraint) return { kind: 'constraint', id: `${table}.${constraint}`, table, definition: check }
  const [, name = part, definition = ''] = COLUMN.exec(part) ?? []
  return { kind: 'column', id: `${table}.${name}`, table, definition }
}

function constraintOf(text: string): DumpStatement | undefined {
  const [, table, name, definition = ''] = CONSTRAINT.exec(text) ?? []
  if (table === undefined) return undefined
  const id = `${table}.${name}`
  return { key: id, facts: [{ kind: 'constraint', id, table, definition }], text }
}

/** What a later statement adds to a table or to one of its columns; {@link gather} puts it to the rest. */
function partOf(text: string): DumpStatement | undefined {
  const [, child, bound = ''] = ATTACHED.exec(text) ?? []
  if (child) return { key: child, facts: [{ kind: 'table', id: child, table: child, definition: bound }], text }
  const [, owner, column, more = ''] = OF_COLUMN.exec(text) ?? []
  if (owner) {
    const id = `${owner}.${column}`
    return { key: id, facts: [{ kind: 'column', id, table: owner, definition: more }], text }
  }
  const [, table, what = ''] = OF_TABLE.exec(text) ?? []
  return table ? { key: table, facts: [{ kind: 'table', id: table, table, definition: what }], text } : undefined
}

function functionOf(text: string): DumpStatement | undefined {
  const [, name, rest = ''] = FUNCTION.exec(text) ?? []
  if (name === undefined) return undefined
  const id = `${name}(${parenthesis(rest).inside.join(', ')})`
  return { key: id, facts: [{ kind: 'function', id, table: null, definition: text }], text }
}

function objectOf(text: string): DumpStatement | undefined {
  for (const { pattern, kind, onTable } of FORMS) {
    const [, name, table] = pattern.exec(text) ?? []
    if (name === undefined) continue
    const id = onTable ? partId(kind, name, table ?? '') : name
    const owner = onTable ? (table ?? null) : /view$/.test(kind) ? name : null
    return { key: onTable ? `${table} ${id}` : id, facts: [{ kind, id, table: owner, definition: text }], text }
  }
  return undefined
}

const LAST_NAME = /(?:"(?:[^"]|"")+"|[^."]+)$/u

/** An index is told with the schema of its table, as the catalog has it; all else within its table. */
function partId(kind: FactKind, name: string, table: string): string {
  return kind === 'index' ? `${table.replace(LAST_NAME, '')}${name}` : `${table}.${name}`
}

function otherOf(text: string): DumpStatement {
  const [, target] = COMMENT.exec(text) ?? []
  if (target) return { key: target, facts: [{ kind: 'comment', id: target, table: null, definition: text }], text }
  const [, what = '', name, more = ''] = OF_OBJECT.exec(text) ?? []
  if (name) {
    // What joins an index to that of the partitioned table is a part of neither table.
    const kind = what.toLowerCase() as FactKind
    return { key: name, facts: kind === 'index' ? [] : [{ kind, id: name, table: null, definition: more }], text }
  }
  const line = text.split('\n', 1)[0] ?? ''
  const kind: FactKind = /^(?:GRANT|REVOKE|ALTER DEFAULT PRIVILEGES)/.test(text) ? 'privilege' : 'object'
  return { key: line, facts: [{ kind, id: line.replace(/^CREATE /, ''), table: null, definition: text }], text }
}

/** What stands in the first parentheses, at their top-level commas, and what comes behind them. */
function parenthesis(text: string): { inside: string[]; behind: string } {
  const parts: string[] = []
  let depth = 0
  let from = 0
  for (const { index, 0: token } of text.matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|[(),]/g)) {
    if (token === '(' && depth++ === 0) from = index + 1
    const ends = (token === ',' && depth === 1) || (token === ')' && --depth === 0)
    if (!ends) continue
    parts.push(text.slice(from, index).trim())
    from = index + 1
    if (depth === 0) return { inside: parts.filter((part) => part !== ''), behind: text.slice(from).trim() }
  }
  return { inside: [], behind: text.trim() }
}

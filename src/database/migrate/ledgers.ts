import { errorMessage } from '../../runtime/errors.ts'
import type { Database } from '../connect.ts'
import { askSafely, literal } from './ask-safely.ts'
import { type ColumnType, LEDGER_TOOLS, type LedgerTool, type RowState } from './ledger-tools.ts'

/** One row of a ledger. */
export interface LedgerRow {
  name: string
  /** Another one whenever the migration ran again. */
  key: string
  state: RowState
  repeats: boolean
}

/** A migration tool's ledger, found in the database. */
export interface Ledger {
  tool: LedgerTool
  /** Qualified name, quoted where SQL needs it. */
  place: string
  /** The user named it in `migrate_ledger`. */
  isNamed: boolean
}

/** A ledger with its rows, in the order in which they were written. */
export interface ReadLedger extends Ledger {
  rows: LedgerRow[]
}

/** What is known of the ledgers of a database. */
export interface LedgerLook {
  ledgers: ReadLedger[]
  /** Sentences about what the user named and cannot be used, and about what could not be read. */
  problems: string[]
}

/** A table of a ledger, or one that its tool has beside it. */
export interface LedgerTable {
  schema: string
  name: string
  /** Qualified, quoted where SQL needs it. */
  place: string
}

/** More rows than anybody has migrations: the table is an application's. */
export const MOST_ROWS = 10_000
// A schema for each tenant, each with a ledger.
const MOST_LEDGERS = 200

interface Table extends LedgerTable {
  columns: Record<string, string>
  readable: boolean
}

// Views are none: what they show may cost anything.
const tablesNamed = (
  list: string,
) => `select n.nspname::text as schema, c.relname::text as name, format('%I.%I', n.nspname, c.relname) as place,
    has_table_privilege(c.oid, 'select') and has_schema_privilege(n.oid, 'usage') as readable,
    json_object_agg(a.attname, coalesce(b.typname, t.typname))::text as columns
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid left join pg_type b on b.oid = nullif(t.typbasetype, 0)
  where c.relkind in ('r', 'p') and c.relpersistence <> 't' and n.nspname !~ '^pg_'
    and c.relname = any (array(select json_array_elements_text(${list}::text::json)))
  group by n.nspname, c.relname, n.oid, c.oid order by 1, 2`

const TYPES: Readonly<Record<string, ColumnType>> = {
  ...Object.fromEntries(['text', 'varchar', 'bpchar', 'name', 'citext', 'uuid'].map((name) => [name, 'text'])),
  ...Object.fromEntries(['int2', 'int4', 'int8', 'numeric'].map((name) => [name, 'whole'])),
  ...Object.fromEntries(['timestamp', 'timestamptz', 'date'].map((name) => [name, 'time'])),
  bool: 'flag',
  bytea: 'bytes',
}

/** Whether a table has the columns of a tool's ledger, and none that say that it is something else. */
function fits({ columns, more }: LedgerTool, table: Table): boolean {
  const needed = Object.entries(columns)
  if (!needed.every(([name, type]) => (TYPES[table.columns[name] ?? ''] ?? 'other') === type)) return false
  return !more || Object.keys(table.columns).every((name) => Object.hasOwn(columns, name) || more.includes(name))
}

/** Reads `schema.table` or `table`; everything behind the first dot is the table. */
function isCalled(wish: string, { schema, name }: LedgerTable): boolean {
  return wish === name || wish === `${schema}.${name}`
}

async function listTables(database: Database, names: readonly string[]): Promise<Table[]> {
  const list = literal(JSON.stringify([...new Set(names)]))
  const rows = await askSafely<LedgerTable & { readable: unknown; columns: string }>(database, tablesNamed(list))
  return rows.map((row) => ({
    ...row,
    readable: isTrue(row.readable),
    columns: JSON.parse(row.columns) as Record<string, string>,
  }))
}

const isTrue = (value: unknown) => value === true || value === 't'

function toolOf(table: Table, isNamed: boolean): LedgerTool | undefined {
  return LEDGER_TOOLS.find((tool) => {
    if (!isNamed && (tool.table !== table.name || (tool.schema ?? table.schema) !== table.schema)) return false
    return fits(tool, table)
  })
}

interface Found {
  ledgers: Ledger[]
  tables: Table[]
  problems: string[]
}

async function find(database: Database, named: readonly string[]): Promise<Found> {
  const beside = LEDGER_TOOLS.flatMap(({ beside = [], table }) => beside.map((name) => name.replace('*', table)))
  const theirs = named.flatMap((wish) => [wish, wish.slice(wish.indexOf('.') + 1)])
  const tables = await listTables(database, [
    ...LEDGER_TOOLS.map(({ table }) => table),
    ...beside,
    ...theirs,
    ...theirs.map((name) => `${name}_lock`),
  ])
  const ledgers: Ledger[] = []
  const problems: string[] = []
  for (const table of tables) {
    const isNamed = named.some((wish) => isCalled(wish, table))
    const tool = toolOf(table, isNamed)
    if (tool && table.readable) ledgers.push({ tool, place: table.place, isNamed })
    else if (isNamed) {
      const why = tool
        ? 'this role may not read it'
        : `its columns (${Object.keys(table.columns).join(', ')}) are those of no ledger that this action knows`
      problems.push(`The table ${table.place} of migrate_ledger was not read: ${why}.`)
    }
  }
  for (const wish of named) {
    if (!tables.some((table) => isCalled(wish, table))) {
      problems.push(`There is no table '${wish}', which migrate_ledger names.`)
    }
  }
  return { ledgers: ledgers.slice(0, MOST_LEDGERS), tables, problems }
}

/**
 * Reads every ledger of a known tool in the database: tables of their names and with their columns, and those that the user
 * named. One that cannot be read, or is too long to be a ledger, is left out. Throws the driver's error when the catalog
 * cannot be asked.
 */
export async function readLedgers(database: Database, named: readonly string[]): Promise<LedgerLook> {
  const { ledgers, problems } = await find(database, named)
  const read = await Promise.all(
    ledgers.map(async (ledger): Promise<ReadLedger[]> => {
      try {
        const rows = await readRows(database, ledger)
        return rows ? [{ ...ledger, rows }] : []
      } catch (error) {
        if (!database.isOpen()) throw error
        problems.push(`The ledger ${ledger.place} of ${ledger.tool.tool} could not be read: ${errorMessage(error)}.`)
        return []
      }
    }),
  )
  return { ledgers: read.flat(), problems }
}

/** Null where there are too many. */
async function readRows(database: Database, { tool, place }: Ledger): Promise<LedgerRow[] | null> {
  const { name, key = name, state = "'applied'", repeats = 'false', order } = tool
  const rows = await askSafely<{ name: string | null; key: string | null; state: RowState; repeats: unknown }>(
    database,
    `select (${name})::text as name, (${key})::text as key, (${state})::text as state, (${repeats}) as repeats
     from ${place} t order by ${order} limit ${MOST_ROWS + 1}`,
  )
  if (rows.length > MOST_ROWS) return null
  return rows.map((row) => ({ ...row, name: row.name ?? '', key: row.key ?? '', repeats: isTrue(row.repeats) }))
}

/**
 * The tables that migration tools keep for themselves: ledgers, and what stands beside them. They are no tables of the user.
 * Throws the driver's error.
 */
export async function listLedgerTables(database: Database, named: readonly string[]): Promise<LedgerTable[]> {
  const { ledgers, tables } = await find(database, named)
  const places = new Set(ledgers.map(({ place }) => place))
  const owners = tables.flatMap((table) => {
    const ledger = ledgers.find(({ place }) => place === table.place)
    return ledger ? [{ table, tool: ledger.tool }] : []
  })
  const isBeside = (table: Table) =>
    owners.some(
      ({ table: owner, tool }) =>
        owner.schema === table.schema && tool.beside?.some((name) => name.replace('*', owner.name) === table.name),
    )
  return tables
    .filter((table) => places.has(table.place) || isBeside(table))
    .map(({ schema, name, place }) => ({ schema, name, place }))
}

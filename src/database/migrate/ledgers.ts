import type { Database } from '../connect.ts'
import { askAsOurs } from '../inspect/index.ts'

/** Where a migration tool keeps what it has applied. */
interface ToolLedger {
  tool: string
  /** Name of the table, looked for in every schema. */
  table: string
  /** A column that only this tool's table has, where the name alone says too little. */
  column: string
  /** SQL expression for the name of a migration. */
  name: string
}

/** One migration of a tool, as its ledger names it. */
export interface ToolMigration {
  tool: string
  name: string
}

const LEDGERS: readonly ToolLedger[] = [
  { tool: 'Prisma', table: '_prisma_migrations', column: 'migration_name', name: 'migration_name' },
  {
    tool: 'Drizzle',
    table: '__drizzle_migrations',
    column: 'hash',
    name: "to_char(to_timestamp(created_at / 1000.0) at time zone 'UTC', 'YYYYMMDDHH24MISS') || ' ' || left(hash, 12)",
  },
  { tool: 'node-pg-migrate', table: 'pgmigrations', column: 'name', name: 'name' },
  { tool: 'Flyway', table: 'flyway_schema_history', column: 'script', name: 'script' },
  { tool: 'graphile-migrate', table: 'migrations', column: 'previous_hash', name: 'filename' },
  { tool: 'Atlas', table: 'atlas_schema_revisions', column: 'version', name: "version || ' ' || description" },
  { tool: 'Knex', table: 'knex_migrations', column: 'migration_time', name: 'name' },
  { tool: 'Alembic', table: 'alembic_version', column: 'version_num', name: 'version_num' },
  { tool: 'Django', table: 'django_migrations', column: 'app', name: "app || '.' || name" },
  { tool: 'goose', table: 'goose_db_version', column: 'version_id', name: 'version_id::text' },
  { tool: 'TypeORM', table: 'migrations', column: 'timestamp', name: 'name' },
  { tool: 'Sequelize', table: 'SequelizeMeta', column: 'name', name: 'name' },
  { tool: 'Rails, dbmate or golang-migrate', table: 'schema_migrations', column: 'version', name: 'version::text' },
]

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`

/** Every migration that any known tool's ledger in this database names. Throws the driver's error. */
export async function readToolLedgers(database: Database): Promise<ToolMigration[]> {
  const names = LEDGERS.map(({ table }) => table)
  const tables = await askAsOurs<{ schema: string; name: string; columns: string[] }>(
    database,
    `select n.nspname as schema, c.relname as name, array_to_json(array_agg(a.attname::text)) as columns
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind in ('r', 'p') and c.relname = any (select json_array_elements_text($1::text::json))
       and has_table_privilege(c.oid, 'select')
     group by 1, 2`,
    [JSON.stringify(names)],
  )
  const found = tables.flatMap(({ schema, name, columns }) => {
    const ledger = LEDGERS.find(({ table, column }) => table === name && columns.includes(column))
    return ledger ? [{ ledger, place: `${quote(schema)}.${quote(name)}` }] : []
  })
  const lists = await Promise.all(
    found.map(async ({ ledger, place }) => {
      const rows = await askAsOurs<{ name: string }>(database, `select ${ledger.name} as name from ${place} order by 1`)
      return rows.map(({ name }) => ({ tool: ledger.tool, name }))
    }),
  )
  return lists.flat()
}

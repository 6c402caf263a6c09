/** Kinds of column type, as ledgers are told by them. */
export type ColumnType = 'text' | 'whole' | 'time' | 'flag' | 'bytes' | 'other'

/**
 * What a row of a ledger says of a migration. `failed`: it did not end well; `undone`: it was taken back; `accepted`: it was
 * only written down, so that it does not run (a baseline); `own`: a row that the tool makes for itself.
 */
export type RowState = 'applied' | 'failed' | 'undone' | 'accepted' | 'own'

/** How a migration tool keeps what it has applied. */
export interface LedgerTool {
  tool: string
  /** The table's usual name, looked for in every schema unless `schema` is named. */
  table: string
  schema?: string
  /** Columns it always has, with their types. */
  columns: Readonly<Record<string, ColumnType>>
  /**
   * Columns it may have besides. Where they are listed, a table with any other is none of this tool's: the table's name is a
   * word that applications use too.
   */
  more?: readonly string[]
  /** SQL text expression: the name of a migration, as people know it. */
  name: string
  /** SQL text expression that is new whenever a migration ran (again); the name, unless told. */
  key?: string
  /** SQL text expression for a {@link RowState}; `applied` unless told. */
  state?: string
  /** SQL boolean expression: it runs again whenever its text changes. */
  repeats?: string
  /** SQL expressions in whose order the rows were written. */
  order: string
  /** The table holds the newest version alone, so that nobody can tell how many migrations led there. */
  isPointer?: boolean
  /** Further tables of the tool's, in the same schema; `*` is the ledger's own name. */
  beside?: readonly string[]
}

const RUNS_AS = (done: string, otherwise: string) => `case when ${done} then 'applied' else '${otherwise}' end`

/**
 * Migration tools and their ledgers, from their sources (those of npm: also from real runs, see docs/migration-tools.md).
 * The first that fits counts, so that a form that is a part of another stands behind it.
 */
export const LEDGER_TOOLS: readonly LedgerTool[] = [
  {
    tool: 'Prisma',
    table: '_prisma_migrations',
    columns: { id: 'text', migration_name: 'text', finished_at: 'time', rolled_back_at: 'time', started_at: 'time' },
    name: 'migration_name',
    key: 'id',
    // `migrate resolve --applied` writes a row of which no step was applied.
    state: `case when rolled_back_at is not null then 'undone' when finished_at is null then 'failed'
      when (to_jsonb(t) ->> 'applied_steps_count') = '0' then 'accepted' else 'applied' end`,
    order: 'started_at, id',
  },
  {
    tool: 'Drizzle',
    table: '__drizzle_migrations',
    columns: { id: 'whole', hash: 'text', created_at: 'whole' },
    name: "to_char(to_timestamp(created_at / 1000.0) at time zone 'UTC', 'YYYYMMDDHH24MISS') || ' ' || left(hash, 12)",
    order: 'id',
  },
  {
    tool: 'Flyway',
    table: 'flyway_schema_history',
    columns: { installed_rank: 'whole', version: 'text', type: 'text', script: 'text', success: 'flag' },
    name: 'script',
    key: 'installed_rank::text',
    state: `case when type = 'SCHEMA' then 'own' when not success then 'failed' when type ~ 'BASELINE' then 'accepted'
      when type ~ '^(UNDO|DELETE)' then 'undone' else 'applied' end`,
    repeats: "version is null and type !~ '^(SCHEMA|DELETE)'",
    order: 'installed_rank',
  },
  {
    tool: 'Liquibase',
    table: 'databasechangelog',
    columns: {
      ...{ id: 'text', author: 'text', filename: 'text', dateexecuted: 'time' },
      ...{ orderexecuted: 'whole', exectype: 'text', md5sum: 'text' },
    },
    name: "filename || '::' || id || '::' || author",
    // A changeset with runOnChange has its row updated.
    key: "concat_ws('::', filename, id, author, dateexecuted, orderexecuted)",
    state: `case exectype when 'FAILED' then 'failed' when 'MARK_RAN' then 'accepted' when 'SKIPPED' then 'own'
      else 'applied' end`,
    repeats: "exectype = 'RERAN'",
    order: 'orderexecuted, dateexecuted',
    beside: ['databasechangeloglock'],
  },
  {
    tool: 'Atlas',
    table: 'atlas_schema_revisions',
    columns: { version: 'text', description: 'text', type: 'whole', applied: 'whole', total: 'whole' },
    name: "concat_ws(' ', version, nullif(description, ''))",
    // sql/migrate/migrate.go: 1 baseline, 2 execute, 4 resolved by hand.
    state: `case when version ~ '^\\.' then 'own' when coalesce(to_jsonb(t) ->> 'error', '') <> '' then 'failed'
      when (type::int & 5) <> 0 then 'accepted' else 'applied' end`,
    key: "concat_ws(' ', version, applied, to_jsonb(t) ->> 'executed_at')",
    order: 'version',
  },
  {
    tool: 'goose',
    table: 'goose_db_version',
    columns: { id: 'whole', version_id: 'whole', is_applied: 'flag', tstamp: 'time' },
    name: 'version_id::text',
    key: 'id::text',
    state: `case when version_id = 0 then 'own' else ${RUNS_AS('is_applied', 'undone')} end`,
    order: 'id',
  },
  {
    tool: 'sqlx',
    table: '_sqlx_migrations',
    columns: { version: 'whole', description: 'text', installed_on: 'time', success: 'flag', checksum: 'bytes' },
    name: "version::text || ' ' || description",
    state: RUNS_AS('success', 'failed'),
    order: 'version',
  },
  {
    tool: 'Sqitch',
    table: 'changes',
    columns: {
      ...{ change_id: 'text', change: 'text', project: 'text', note: 'text', committed_at: 'time' },
      ...{ committer_name: 'text', committer_email: 'text', planned_at: 'time', planner_name: 'text' },
    },
    more: ['script_hash', 'planner_email'],
    name: "project || ':' || change",
    key: "change_id || ' ' || committed_at::text",
    order: 'committed_at, change_id',
    beside: ['projects', 'releases', 'tags', 'dependencies', 'events'],
  },
  {
    tool: 'graphile-migrate',
    table: 'migrations',
    columns: { hash: 'text', previous_hash: 'text', filename: 'text', date: 'time' },
    more: [],
    name: 'filename',
    key: 'hash',
    order: 'date, filename',
    beside: ['current'],
  },
  {
    tool: 'postgres-migrations',
    table: 'migrations',
    columns: { id: 'whole', name: 'text', hash: 'text', executed_at: 'time' },
    more: [],
    name: "id::text || '_' || name",
    // Row 0 made this table.
    state: "case when id = 0 then 'own' else 'applied' end",
    order: 'id',
  },
  {
    tool: 'TypeORM',
    table: 'migrations',
    columns: { id: 'whole', timestamp: 'whole', name: 'text' },
    more: [],
    name: 'name',
    order: 'id',
  },
  {
    tool: 'db-migrate',
    table: 'migrations',
    columns: { id: 'whole', name: 'text', run_on: 'time' },
    more: [],
    // It writes them with a slash in front.
    name: "ltrim(name, '/')",
    key: 'name',
    order: 'id',
  },
  {
    tool: 'Laravel',
    table: 'migrations',
    columns: { id: 'whole', migration: 'text', batch: 'whole' },
    more: [],
    name: 'migration',
    key: "migration || ' ' || id::text",
    order: 'id',
  },
  {
    tool: 'node-pg-migrate',
    table: 'pgmigrations',
    columns: { id: 'whole', name: 'text', run_on: 'time' },
    name: 'name',
    key: "name || ' ' || id::text",
    order: 'id',
  },
  {
    tool: 'Knex',
    table: 'knex_migrations',
    columns: { name: 'text', migration_time: 'time' },
    name: 'name',
    key: "name || ' ' || coalesce(to_jsonb(t) ->> 'id', '')",
    order: 'migration_time, name',
    beside: ['*_lock'],
  },
  {
    tool: 'MikroORM',
    table: 'mikro_orm_migrations',
    columns: { id: 'whole', name: 'text', executed_at: 'time' },
    name: 'name',
    key: "name || ' ' || id::text",
    order: 'id',
  },
  {
    tool: 'Kysely',
    table: 'kysely_migration',
    columns: { name: 'text', timestamp: 'text' },
    name: 'name',
    key: "name || ' ' || timestamp",
    order: 'timestamp, name',
    beside: ['*_lock'],
  },
  {
    tool: 'Postgrator',
    table: 'schemaversion',
    columns: { version: 'whole', name: 'text', md5: 'text', run_at: 'time' },
    more: [],
    name: "concat_ws(' ', version, name)",
    key: "concat_ws(' ', version, run_at)",
    // Older versions begin with a row 0.
    state: "case when version = 0 then 'own' else 'applied' end",
    order: 'version',
  },
  {
    tool: 'Diesel',
    table: '__diesel_schema_migrations',
    columns: { version: 'text', run_on: 'time' },
    name: 'version',
    key: "version || ' ' || run_on::text",
    order: 'run_on, version',
  },
  {
    tool: 'EF Core',
    table: '__EFMigrationsHistory',
    columns: { MigrationId: 'text', ProductVersion: 'text' },
    name: '"MigrationId"',
    order: '"MigrationId"',
  },
  {
    tool: 'EF Core',
    table: '__ef_migrations_history',
    columns: { migration_id: 'text', product_version: 'text' },
    name: 'migration_id',
    order: 'migration_id',
  },
  {
    tool: 'Doctrine',
    table: 'doctrine_migration_versions',
    columns: { version: 'text', executed_at: 'time', execution_time: 'whole' },
    name: 'version',
    key: "concat_ws(' ', version, executed_at)",
    // `version --add` writes no time that it took.
    state: RUNS_AS('executed_at is not null and execution_time is not null', 'accepted'),
    order: 'executed_at, version',
  },
  {
    tool: 'Django',
    table: 'django_migrations',
    columns: { id: 'whole', app: 'text', name: 'text', applied: 'time' },
    name: "app || '.' || name",
    key: "app || '.' || name || ' ' || id::text",
    order: 'id',
  },
  {
    tool: 'sql-migrate',
    table: 'gorp_migrations',
    columns: { id: 'text', applied_at: 'time' },
    name: 'id',
    key: "id || ' ' || applied_at::text",
    order: 'applied_at, id',
  },
  {
    tool: 'yoyo',
    table: '_yoyo_migration',
    columns: { migration_hash: 'text', migration_id: 'text', applied_at_utc: 'time' },
    name: 'migration_id',
    key: "migration_hash || ' ' || applied_at_utc::text",
    order: 'applied_at_utc, migration_id',
    beside: ['_yoyo_log', '_yoyo_version', 'yoyo_lock'],
  },
  {
    tool: 'refinery',
    table: 'refinery_schema_history',
    columns: { version: 'whole', name: 'text', applied_on: 'text', checksum: 'text' },
    name: "'V' || version::text || '__' || name",
    key: "version::text || ' ' || applied_on",
    order: 'version',
  },
  {
    tool: 'Sequelize or Umzug',
    table: 'SequelizeMeta',
    columns: { name: 'text' },
    more: ['createdAt', 'updatedAt'],
    name: 'name',
    order: 'name',
  },
  {
    tool: 'Supabase',
    table: 'schema_migrations',
    schema: 'supabase_migrations',
    columns: { version: 'text' },
    name: "concat_ws(' ', version, to_jsonb(t) ->> 'name')",
    key: 'version',
    order: 'version',
    beside: ['seed_files'],
  },
  {
    tool: 'golang-migrate',
    table: 'schema_migrations',
    columns: { version: 'whole', dirty: 'flag' },
    more: [],
    name: "'version ' || version::text",
    key: "concat_ws(' ', version, dirty)",
    state: "case when dirty then 'failed' else 'applied' end",
    order: 'version',
    isPointer: true,
  },
  {
    tool: 'Ecto',
    table: 'schema_migrations',
    columns: { version: 'whole', inserted_at: 'time' },
    more: [],
    name: 'version::text',
    key: "concat_ws(' ', version, inserted_at)",
    order: 'version',
  },
  {
    tool: 'Rails or dbmate',
    table: 'schema_migrations',
    columns: { version: 'text' },
    more: [],
    name: 'version',
    order: 'version',
    beside: ['ar_internal_metadata'],
  },
  {
    tool: 'Alembic',
    table: 'alembic_version',
    columns: { version_num: 'text' },
    more: [],
    name: "'revision ' || version_num",
    key: 'version_num',
    order: 'version_num',
    isPointer: true,
  },
  {
    tool: 'tern',
    table: 'schema_version',
    columns: { version: 'whole' },
    more: [],
    name: "'version ' || version::text",
    key: 'version::text',
    state: "case when version = 0 then 'own' else 'applied' end",
    order: 'version',
    isPointer: true,
  },
]

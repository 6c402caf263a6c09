/** A tool's ledger as the tool makes it, and one run of it. */
export interface ToolLedger {
  tool: string
  /** Statements from the tool's own source (or, of those of npm, what a real run left), before the run. */
  make: string
  /** What it writes when it runs. */
  run: string
  /** Its tables, in the order of their names. */
  tables: string[]
  /** Path, state and notes of each migration. */
  told: string[]
  /** Null where the ledger only has the newest version. */
  applied: number | null
}

/** Stories of ledgers, for the catalogue in src/database/migrate/ledger-tools.ts. */
export const TOOL_LEDGERS: ToolLedger[] = [
  {
    tool: 'Prisma',
    make: `create table _prisma_migrations (id varchar(36) primary key, checksum varchar(64) not null, finished_at timestamptz,
      migration_name varchar(255) not null, logs text, rolled_back_at timestamptz, started_at timestamptz not null default now(),
      applied_steps_count integer not null default 0)`,
    run: `insert into _prisma_migrations values ('a', 'x', now(), '0_baseline', null, null, now() - interval '1 s', 0),
      ('b', 'x', now(), '1_books', null, null, now(), 1)`,
    tables: ['public._prisma_migrations'],
    told: [
      '0_baseline · accepted · by Prisma · baseline: taken as applied, it did not run',
      '1_books · applied · by Prisma',
    ],
    applied: 1,
  },
  {
    tool: 'Drizzle',
    make: 'create schema drizzle; create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)',
    run: "insert into drizzle.__drizzle_migrations (hash, created_at) values ('0123456789abcdef', 1700000000000)",
    tables: ['drizzle.__drizzle_migrations'],
    told: ['20231114221320 0123456789ab · applied · by Drizzle'],
    applied: 1,
  },
  {
    tool: 'Flyway',
    make: `create table flyway_schema_history (installed_rank integer primary key, version varchar(50), description varchar(200) not null,
      type varchar(20) not null, script varchar(1000) not null, checksum integer, installed_by varchar(100) not null,
      installed_on timestamp not null default now(), execution_time integer not null, success boolean not null)`,
    run: `insert into flyway_schema_history values
      (0, null, '<< Flyway Schema Creation >>', 'SCHEMA', '"public"', null, 'app', now(), 0, true),
      (1, '1', '<< Flyway Baseline >>', 'BASELINE', '<< Flyway Baseline >>', null, 'app', now(), 0, true),
      (2, '2', 'pages', 'SQL', 'V2__pages.sql', 1, 'app', now(), 5, true),
      (3, '3', 'bad', 'SQL', 'V3__bad.sql', 1, 'app', now(), 5, false),
      (4, null, 'views', 'SQL', 'R__views.sql', 1, 'app', now(), 5, true)`,
    tables: ['public.flyway_schema_history'],
    told: [
      '<< Flyway Baseline >> · accepted · by Flyway · baseline: taken as applied, it did not run',
      'V2__pages.sql · applied · by Flyway',
      'V3__bad.sql · failed · by Flyway',
      'R__views.sql · applied · by Flyway · repeatable: it runs again when its text changes',
    ],
    applied: 2,
  },
  {
    tool: 'Liquibase',
    make: `create table databasechangelog (id varchar(255) not null, author varchar(255) not null, filename varchar(255) not null,
      dateexecuted timestamp not null, orderexecuted integer not null, exectype varchar(10) not null, md5sum varchar(35),
      description varchar(255), comments varchar(255), tag varchar(255), liquibase varchar(20), contexts varchar(255),
      labels varchar(255), deployment_id varchar(10));
      create table databasechangeloglock (id integer primary key, locked boolean not null, lockgranted timestamp, lockedby varchar(255))`,
    run: `insert into databasechangelog (id, author, filename, dateexecuted, orderexecuted, exectype) values
      ('1', 'bob', 'db.xml', now(), 1, 'EXECUTED'), ('2', 'bob', 'db.xml', now(), 2, 'MARK_RAN')`,
    tables: ['public.databasechangelog', 'public.databasechangeloglock'],
    told: [
      'db.xml::1::bob · applied · by Liquibase',
      'db.xml::2::bob · accepted · by Liquibase · baseline: taken as applied, it did not run',
    ],
    applied: 1,
  },
  {
    tool: 'Atlas',
    make: `create schema atlas_schema_revisions; create table atlas_schema_revisions.atlas_schema_revisions (version varchar primary key,
      description varchar not null, type bigint not null default 2, applied bigint not null default 0, total bigint not null default 0,
      executed_at timestamptz not null, execution_time bigint not null, error text, error_stmt text, hash varchar not null,
      partial_hashes jsonb, operator_version varchar not null)`,
    run: `insert into atlas_schema_revisions.atlas_schema_revisions values
      ('.atlas_cloud_identifier', '', 0, 0, 0, now(), 0, null, null, '', null, ''),
      ('1', 'books', 1, 0, 0, now(), 0, null, null, 'h', null, 'v'), ('2', 'pages', 2, 1, 1, now(), 5, '', '', 'h', null, 'v'),
      ('3', 'bad', 2, 0, 1, now(), 5, 'no', 'create', 'h', null, 'v')`,
    tables: ['atlas_schema_revisions.atlas_schema_revisions'],
    told: [
      '1 books · accepted · by Atlas · baseline: taken as applied, it did not run',
      '2 pages · applied · by Atlas',
      '3 bad · failed · by Atlas',
    ],
    applied: 1,
  },
  {
    tool: 'goose',
    make: `create table goose_db_version (id integer primary key generated by default as identity, version_id bigint not null,
      is_applied boolean not null, tstamp timestamp not null default now())`,
    run: `insert into goose_db_version (version_id, is_applied) values (0, true), (1, true), (2, true), (2, false)`,
    tables: ['public.goose_db_version'],
    told: ['1 · applied · by goose', '2 · ignored · by goose · taken back'],
    applied: 1,
  },
  {
    tool: 'sqlx',
    make: `create table _sqlx_migrations (version bigint primary key, description text not null, installed_on timestamptz not null default now(),
      success boolean not null, checksum bytea not null, execution_time bigint not null)`,
    run: "insert into _sqlx_migrations values (1, 'books', now(), true, '', 5), (2, 'pages', now(), false, '', -1)",
    tables: ['public._sqlx_migrations'],
    told: ['1 books · applied · by sqlx', '2 pages · failed · by sqlx'],
    applied: 1,
  },
  {
    tool: 'Sqitch',
    make: `create schema sqitch; create table sqitch.projects (project text primary key);
      create table sqitch.changes (change_id text primary key, script_hash text unique, change text not null, project text not null,
      note text not null default '', committed_at timestamptz not null default clock_timestamp(), committer_name text not null,
      committer_email text not null, planned_at timestamptz not null, planner_name text not null, planner_email text not null);
      create table sqitch.events (event text, change_id text)`,
    run: "insert into sqitch.changes values ('c1', 's', 'books', 'app', '', now(), 'a', 'a', now(), 'a', 'a')",
    tables: ['sqitch.changes', 'sqitch.events', 'sqitch.projects'],
    told: ['app:books · applied · by Sqitch'],
    applied: 1,
  },
  {
    tool: 'graphile-migrate',
    make: `create schema graphile_migrate; create table graphile_migrate.migrations (hash text primary key,
      previous_hash text references graphile_migrate.migrations, filename text not null, date timestamptz not null default now());
      create table graphile_migrate.current (filename text primary key default 'current.sql', content text not null, date timestamptz not null default now())`,
    run: "insert into graphile_migrate.migrations values ('sha1:a', null, '000001.sql')",
    tables: ['graphile_migrate.current', 'graphile_migrate.migrations'],
    told: ['000001.sql · applied · by graphile-migrate'],
    applied: 1,
  },
  {
    tool: 'postgres-migrations',
    make: 'create table migrations (id integer primary key, name varchar(100) unique not null, hash varchar(40) not null, executed_at timestamp default current_timestamp)',
    run: "insert into migrations values (0, 'create-migrations-table', 'h'), (1, 'books', 'h')",
    tables: ['public.migrations'],
    told: ['1_books · applied · by postgres-migrations'],
    applied: 1,
  },
  {
    tool: 'TypeORM',
    make: 'create table migrations (id serial primary key, "timestamp" bigint not null, name character varying not null)',
    run: `insert into migrations ("timestamp", name) values (1700000000001, 'books1700000000001')`,
    tables: ['public.migrations'],
    told: ['books1700000000001 · applied · by TypeORM'],
    applied: 1,
  },
  {
    tool: 'db-migrate',
    make: 'create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null)',
    run: "insert into migrations (name, run_on) values ('/1-books', now())",
    tables: ['public.migrations'],
    told: ['1-books · applied · by db-migrate'],
    applied: 1,
  },
  {
    tool: 'Laravel',
    make: 'create table migrations (id serial primary key, migration varchar(255) not null, batch integer not null)',
    run: "insert into migrations (migration, batch) values ('2024_01_01_000000_books', 1)",
    tables: ['public.migrations'],
    told: ['2024_01_01_000000_books · applied · by Laravel'],
    applied: 1,
  },
  {
    tool: 'node-pg-migrate',
    make: 'create table pgmigrations (id serial primary key, name varchar(255) not null, run_on timestamp not null)',
    run: "insert into pgmigrations (name, run_on) values ('1_books', now())",
    tables: ['public.pgmigrations'],
    told: ['1_books · applied · by node-pg-migrate'],
    applied: 1,
  },
  {
    tool: 'Knex',
    make: `create table knex_migrations (id serial primary key, name varchar(255), batch integer, migration_time timestamptz);
      create table knex_migrations_lock (index serial primary key, is_locked integer)`,
    run: "insert into knex_migrations (name, batch, migration_time) values ('1_books.js', 1, now())",
    tables: ['public.knex_migrations', 'public.knex_migrations_lock'],
    told: ['1_books.js · applied · by Knex'],
    applied: 1,
  },
  {
    tool: 'MikroORM',
    make: 'create table mikro_orm_migrations (id serial primary key, name varchar(255), executed_at timestamptz default current_timestamp)',
    run: "insert into mikro_orm_migrations (name) values ('Migration20240101')",
    tables: ['public.mikro_orm_migrations'],
    told: ['Migration20240101 · applied · by MikroORM'],
    applied: 1,
  },
  {
    tool: 'Kysely',
    make: `create table kysely_migration (name varchar(255) primary key, timestamp varchar(255) not null);
      create table kysely_migration_lock (id varchar(255) primary key, is_locked integer not null default 0)`,
    run: "insert into kysely_migration values ('0001_books', '2024-01-01T00:00:00.000Z')",
    tables: ['public.kysely_migration', 'public.kysely_migration_lock'],
    told: ['0001_books · applied · by Kysely'],
    applied: 1,
  },
  {
    tool: 'Postgrator',
    make: 'create table schemaversion (version bigint primary key, name text, md5 text, run_at timestamptz)',
    run: "insert into schemaversion values (0, null, null, null), (1, 'books', 'm', now())",
    tables: ['public.schemaversion'],
    told: ['1 books · applied · by Postgrator'],
    applied: 1,
  },
  {
    tool: 'Diesel',
    make: 'create table __diesel_schema_migrations (version varchar(50) primary key not null, run_on timestamp not null default current_timestamp)',
    run: "insert into __diesel_schema_migrations values ('20240101000000')",
    tables: ['public.__diesel_schema_migrations'],
    told: ['20240101000000 · applied · by Diesel'],
    applied: 1,
  },
  {
    tool: 'EF Core',
    make: `create table "__EFMigrationsHistory" ("MigrationId" varchar(150) primary key, "ProductVersion" varchar(32) not null)`,
    run: `insert into "__EFMigrationsHistory" values ('20240101000000_Books', '9.0.0')`,
    tables: ['public."__EFMigrationsHistory"'],
    told: ['20240101000000_Books · applied · by EF Core'],
    applied: 1,
  },
  {
    tool: 'Doctrine',
    make: 'create table doctrine_migration_versions (version varchar(191) primary key, executed_at timestamp(0) default null, execution_time int default null)',
    run: "insert into doctrine_migration_versions values ('DoctrineMigrations\\Version1', now(), null), ('DoctrineMigrations\\Version2', now() + interval '1 s', 5)",
    tables: ['public.doctrine_migration_versions'],
    told: [
      'DoctrineMigrations\\Version1 · accepted · by Doctrine · baseline: taken as applied, it did not run',
      'DoctrineMigrations\\Version2 · applied · by Doctrine',
    ],
    applied: 1,
  },
  {
    tool: 'Django',
    make: 'create table django_migrations (id bigint primary key generated by default as identity, app varchar(255) not null, name varchar(255) not null, applied timestamptz not null)',
    run: "insert into django_migrations (app, name, applied) values ('shop', '0001_initial', now()), ('auth', '0001_initial', now())",
    tables: ['public.django_migrations'],
    told: ['shop.0001_initial · applied · by Django', 'auth.0001_initial · applied · by Django'],
    applied: 2,
  },
  {
    tool: 'sql-migrate',
    make: 'create table gorp_migrations (id text primary key, applied_at timestamptz)',
    run: "insert into gorp_migrations values ('1_books.sql', now())",
    tables: ['public.gorp_migrations'],
    told: ['1_books.sql · applied · by sql-migrate'],
    applied: 1,
  },
  {
    tool: 'yoyo',
    make: `create table _yoyo_migration (migration_hash varchar(64) primary key, migration_id varchar(255), applied_at_utc timestamp);
      create table yoyo_lock (locked int primary key default 1, ctime timestamp, pid int not null)`,
    run: "insert into _yoyo_migration values ('h', '0001.books', now())",
    tables: ['public._yoyo_migration', 'public.yoyo_lock'],
    told: ['0001.books · applied · by yoyo'],
    applied: 1,
  },
  {
    tool: 'refinery',
    make: 'create table refinery_schema_history (version int4 primary key, name varchar(255), applied_on varchar(255), checksum varchar(255))',
    run: "insert into refinery_schema_history values (1, 'books', '2024-01-01T00:00:00Z', '1')",
    tables: ['public.refinery_schema_history'],
    told: ['V1__books · applied · by refinery'],
    applied: 1,
  },
  {
    tool: 'Sequelize or Umzug',
    make: 'create table "SequelizeMeta" (name varchar(255) not null unique primary key)',
    run: `insert into "SequelizeMeta" values ('1-books.js')`,
    tables: ['public."SequelizeMeta"'],
    told: ['1-books.js · applied · by Sequelize or Umzug'],
    applied: 1,
  },
  {
    tool: 'Supabase',
    make: 'create schema supabase_migrations; create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text)',
    run: "insert into supabase_migrations.schema_migrations values ('20240101000000', '{}', 'books')",
    tables: ['supabase_migrations.schema_migrations'],
    told: ['20240101000000 books · applied · by Supabase'],
    applied: 1,
  },
  {
    tool: 'golang-migrate',
    make: 'create table schema_migrations (version bigint primary key, dirty boolean not null); insert into schema_migrations values (3, false)',
    run: 'truncate schema_migrations; insert into schema_migrations values (7, false)',
    tables: ['public.schema_migrations'],
    told: ['version 7 · applied · by golang-migrate · the newest version; its ledger does not list those before'],
    applied: null,
  },
  {
    tool: 'Ecto',
    make: 'create table schema_migrations (version bigint primary key, inserted_at timestamp(0))',
    run: 'insert into schema_migrations values (20240101000000, now())',
    tables: ['public.schema_migrations'],
    told: ['20240101000000 · applied · by Ecto'],
    applied: 1,
  },
  {
    tool: 'Rails or dbmate',
    make: `create table schema_migrations (version varchar primary key);
      create table ar_internal_metadata (key varchar primary key, value varchar, created_at timestamp(6), updated_at timestamp(6))`,
    run: "insert into schema_migrations values ('20240101000000')",
    tables: ['public.ar_internal_metadata', 'public.schema_migrations'],
    told: ['20240101000000 · applied · by Rails or dbmate'],
    applied: 1,
  },
  {
    tool: 'Alembic',
    make: 'create table alembic_version (version_num varchar(32) primary key)',
    run: "insert into alembic_version values ('ae1027a6acf')",
    tables: ['public.alembic_version'],
    told: ['revision ae1027a6acf · applied · by Alembic · the newest version; its ledger does not list those before'],
    applied: null,
  },
  {
    tool: 'tern',
    make: 'create table schema_version (version int4 not null); insert into schema_version values (0)',
    run: 'update schema_version set version = 2',
    tables: ['public.schema_version'],
    told: ['version 2 · applied · by tern · the newest version; its ledger does not list those before'],
    applied: null,
  },
]

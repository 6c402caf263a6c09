import { drizzleFolder, graphileFolder, type Migration, numbered, stamp } from './migrations.ts'

/** One way to use a migration tool: its files for a list of migrations, and the command that applies them. */
export interface Setup {
  name: string
  /** npm package whose version the table tells. */
  package: string
  files(list: Migration[]): Record<string, string>
  command: string
  /** It prints no error where its output is no terminal. */
  isSilent?: boolean
  /** What a user has to know, for the table. */
  remark?: string
}

const each = (list: Migration[], file: (one: Migration) => [name: string, text: string]) =>
  Object.fromEntries(list.map(file))

const literal = (sql: string) => JSON.stringify(sql)

const CLASS = (one: Migration) => `Migration${stamp(one)}`

const umzugScript = `const { Sequelize } = require('sequelize')
const { Umzug, SequelizeStorage } = require('umzug')
const sequelize = new Sequelize(process.env.DATABASE_URL, { dialect: 'postgres', dialectOptions: { ssl: true }, logging: false })
const umzug = new Umzug({
  migrations: { glob: 'migrations/*.cjs' },
  context: sequelize.getQueryInterface(),
  storage: new SequelizeStorage({ sequelize }),
  logger: console,
})
umzug.up().then(() => sequelize.close())
`

const sequelizeMigration = (one: Migration): string =>
  `module.exports = {
  up: (queryInterface) => queryInterface.sequelize.query(${literal(one.sql)}),
  down: async () => {},
}
`

/** The set-ups of `npm run test:tools`, in the order of the table. */
export const SETUPS: Setup[] = [
  {
    name: 'node-pg-migrate',
    package: 'node-pg-migrate',
    files: (list) =>
      each(list, (one) => [`migrations/${numbered(one)}.cjs`, `exports.up = (pgm) => pgm.sql(${literal(one.sql)})\n`]),
    command: 'npx node-pg-migrate up -m migrations',
  },
  {
    name: 'node-pg-migrate, a transaction for each file',
    package: 'node-pg-migrate',
    files: (list) => each(list, (one) => [`migrations/${numbered(one)}.sql`, `-- Up Migration\n${one.sql};\n`]),
    command: 'npx node-pg-migrate up -m migrations --no-single-transaction',
  },
  {
    name: 'Drizzle: drizzle-kit migrate',
    package: 'drizzle-kit',
    files: (list) => ({
      ...drizzleFolder('drizzle', list),
      'drizzle.config.js':
        "module.exports = { dialect: 'postgresql', out: './drizzle', dbCredentials: { url: process.env.DATABASE_URL } }\n",
    }),
    command: 'npx drizzle-kit migrate',
    isSilent: true,
    remark: 'prints no error outside a terminal; a script with `migrate()` does',
  },
  {
    name: 'Drizzle: migrate() on node-postgres',
    package: 'drizzle-orm',
    files: (list) => ({
      ...drizzleFolder('drizzle', list),
      'migrate.mjs': `import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
const db = drizzle(process.env.DATABASE_URL)
await migrate(db, { migrationsFolder: 'drizzle' })
await db.$client.end()
`,
    }),
    command: 'node migrate.mjs',
  },
  {
    name: 'Drizzle: migrate() on postgres.js',
    package: 'drizzle-orm',
    files: (list) => ({
      ...drizzleFolder('drizzle', list),
      'migrate.mjs': `import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
const client = postgres(process.env.DATABASE_URL, { max: 1, onnotice: () => {} })
await migrate(drizzle(client), { migrationsFolder: 'drizzle' })
await client.end()
`,
    }),
    command: 'node migrate.mjs',
  },
  {
    name: 'Knex',
    package: 'knex',
    files: (list) => ({
      ...each(list, (one) => [
        `migrations/${stamp(one)}_${one.name}.js`,
        `exports.up = (knex) => knex.raw(${literal(one.sql)})\nexports.down = async () => {}\n`,
      ]),
      'knexfile.js': "module.exports = { client: 'pg', connection: process.env.DATABASE_URL }\n",
    }),
    command: 'npx knex migrate:latest',
  },
  {
    name: 'Knex without transactions',
    package: 'knex',
    files: (list) => ({
      ...each(list, (one) => [
        `migrations/${stamp(one)}_${one.name}.js`,
        `exports.up = (knex) => knex.raw(${literal(one.sql)})\nexports.down = async () => {}\nexports.config = { transaction: false }\n`,
      ]),
      'knexfile.js': "module.exports = { client: 'pg', connection: process.env.DATABASE_URL }\n",
    }),
    command: 'npx knex migrate:unlock && npx knex migrate:latest',
    remark: 'its lock is a row that stays: `npx knex migrate:unlock` before it',
  },
  {
    name: 'sequelize-cli',
    package: 'sequelize-cli',
    files: (list) => ({
      ...each(list, (one) => [`migrations/${stamp(one)}-${one.name}.js`, sequelizeMigration(one)]),
      '.sequelizerc': "module.exports = { config: 'config.json', 'migrations-path': 'migrations' }\n",
      'config.json': JSON.stringify({
        development: { use_env_variable: 'DATABASE_URL', dialect: 'postgres', dialectOptions: { ssl: true } },
      }),
    }),
    command: 'npx sequelize-cli db:migrate',
  },
  {
    name: 'Umzug',
    package: 'umzug',
    files: (list) => ({
      ...each(list, (one) => [
        `migrations/${numbered(one)}.cjs`,
        `exports.up = ({ context }) => context.sequelize.query(${literal(one.sql)})\n`,
      ]),
      'migrate.cjs': umzugScript,
    }),
    command: 'node migrate.cjs',
  },
  {
    name: 'TypeORM',
    package: 'typeorm',
    files: (list) => ({
      ...each(list, (one) => [
        `migrations/${stamp(one)}-${one.name}.js`,
        `module.exports.${one.name}170000000000${one.number} = class {
  name = '${one.name}170000000000${one.number}'
  up(runner) { return runner.query(${literal(one.sql)}) }
  async down() {}
}
`,
      ]),
      'data-source.js': `const { DataSource } = require('typeorm')
module.exports = new DataSource({ type: 'postgres', url: process.env.DATABASE_URL, ssl: true, migrations: ['migrations/*.js'] })
`,
    }),
    command: 'npx typeorm migration:run -d data-source.js',
  },
  {
    name: 'Postgrator',
    package: 'postgrator-cli',
    files: (list) => ({
      ...each(list, (one) => [`migrations/${one.number}.do.${one.name}.sql`, `${one.sql};\n`]),
    }),
    command:
      'npx postgrator --driver pg --host "$PGHOST" --port "$PGPORT" --database "$PGDATABASE" --username "$PGUSER" --password "$PGPASSWORD" --migration-pattern "migrations/*"',
  },
  {
    name: 'Kysely: kysely-ctl',
    package: 'kysely-ctl',
    files: (list) => ({
      ...each(list, (one) => [
        `migrations/${numbered(one)}.ts`,
        `import { type Kysely, sql } from 'kysely'\nexport const up = (db: Kysely<unknown>) => sql.raw(${literal(one.sql)}).execute(db)\n`,
      ]),
      'kysely.config.ts': `import { Pool } from 'pg'
import { defineConfig } from 'kysely-ctl'
export default defineConfig({
  dialect: 'pg',
  dialectConfig: { pool: new Pool({ connectionString: process.env.DATABASE_URL }) },
  migrations: { migrationFolder: 'migrations' },
})
`,
    }),
    command: 'npx kysely migrate:latest',
  },
  {
    name: 'Kysely: Migrator',
    package: 'kysely',
    files: (list) => ({
      ...each(list, (one) => [
        `migrations/${numbered(one)}.js`,
        `const { sql } = require('kysely')\nexports.up = (db) => sql.raw(${literal(one.sql)}).execute(db)\n`,
      ]),
      'migrate.cjs': `const { Kysely, PostgresDialect } = require('kysely')
const { FileMigrationProvider, Migrator } = require('kysely/migration')
const { Pool } = require('pg')
const { promises: fs } = require('node:fs')
const path = require('node:path')
const db = new Kysely({ dialect: new PostgresDialect({ pool: new Pool({ connectionString: process.env.DATABASE_URL }) }) })
const provider = new FileMigrationProvider({ fs, path, migrationFolder: path.join(__dirname, 'migrations') })
new Migrator({ db, provider }).migrateToLatest().then(async ({ error, results }) => {
  for (const result of results ?? []) {
    if (result.status === 'Success') console.log(\`migration "\${result.migrationName}" was executed successfully\`)
    if (result.status === 'Error') console.error(\`failed to execute migration "\${result.migrationName}"\`)
  }
  if (error) {
    console.error('failed to migrate')
    console.error(error)
    process.exit(1)
  }
  await db.destroy()
})
`,
    }),
    command: 'node migrate.cjs',
  },
  {
    name: 'MikroORM',
    package: '@mikro-orm/migrations',
    files: (list) => ({
      ...each(list, (one) => [
        `migrations/${CLASS(one)}.js`,
        `const { Migration } = require('@mikro-orm/migrations')
module.exports.${CLASS(one)} = class extends Migration {
  up() { this.addSql(${literal(one.sql)}) }
}
`,
      ]),
      'package.json': JSON.stringify({ dependencies: { '@mikro-orm/cli': '*' } }),
      'mikro-orm.config.js': `const { defineConfig } = require('@mikro-orm/postgresql')
const { Migrator } = require('@mikro-orm/migrations')
module.exports = defineConfig({
  clientUrl: process.env.DATABASE_URL,
  driverOptions: { ssl: true },
  entities: [],
  discovery: { warnWhenNoEntities: false },
  extensions: [Migrator],
  migrations: { path: 'migrations', snapshot: false },
})
`,
    }),
    command: 'npx mikro-orm migration:up',
  },
  {
    name: 'db-migrate',
    package: 'db-migrate',
    files: (list) => ({
      ...each(list, (one) => [
        `migrations/${stamp(one)}-${one.name}.js`,
        `exports.up = (db) => db.runSql(${literal(one.sql)})\nexports.down = async () => {}\nexports._meta = { version: 1 }\n`,
      ]),
      'database.json': JSON.stringify({
        dev: {
          driver: 'pg',
          ...Object.fromEntries(
            [
              ['host', 'PGHOST'],
              ['port', 'PGPORT'],
              ['user', 'PGUSER'],
              ['password', 'PGPASSWORD'],
              ['database', 'PGDATABASE'],
            ].map(([key, name]) => [key, { ENV: name }]),
          ),
          ssl: true,
        },
      }),
    }),
    command: 'env -u DATABASE_URL npx db-migrate up',
  },
  {
    name: 'postgres-migrations',
    package: 'postgres-migrations',
    files: (list) => ({
      ...each(list, (one) => [`migrations/${one.number}_${one.name}.sql`, `${one.sql};\n`]),
      'migrate.cjs': `const { Client } = require('pg')
const { migrate } = require('postgres-migrations')
const client = new Client(process.env.DATABASE_URL)
client.connect().then(() => migrate({ client }, 'migrations')).then(() => client.end())
`,
    }),
    command: 'node migrate.cjs',
  },
  {
    name: 'graphile-migrate',
    package: 'graphile-migrate',
    files: (list) => ({ ...graphileFolder(list), '.gmrc': '{}', 'migrations/current.sql': '' }),
    command: 'npx graphile-migrate migrate',
  },
  {
    name: 'dbmate',
    package: 'dbmate',
    files: (list) =>
      each(list, (one) => [
        `db/migrations/${stamp(one)}_${one.name}.sql`,
        `-- migrate:up\n${one.sql};\n\n-- migrate:down\n`,
      ]),
    command: 'npx dbmate --no-dump-schema up',
  },
]

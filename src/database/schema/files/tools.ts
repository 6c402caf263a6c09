import { shellWord } from './shell-word.ts'

/** Where the files of a tool lie, for its command. */
export interface ToolFolders {
  /** Of the SQL file, below the workspace. */
  folder: string
  /** Of the tool's own file; the same as `folder` where there is none. */
  project: string
}

/** A migration tool whose files are not plain SQL, or not in the order of their names. */
export interface Tool {
  name: string
  /** Value of the input `migrate_command` with which the tool runs its files. */
  command(folders: ToolFolders): string
  /** What running the files as plain SQL would do that the tool does not, as a sentence. */
  harm: string
  /** `--` comments that only make sense to this tool, from their first hyphen; also lines that begin with `#`. */
  comments?: RegExp[]
  /** Names of SQL files, below the schema folder, that say whose they are by themselves. */
  names?: RegExp[]
  /** Two files side by side that give the tool away: the name of one, and that of the other made from it. */
  pair?: { name: RegExp; other: string }
  /** Files that the tool puts beside its SQL; `above`: also looked for so many folders up, if the SQL file looks like that. */
  markers?: { file: string; above?: { folders: number; of: RegExp } }[]
  /** Headings that only together, with SQL behind the second, say that a file goes both ways. */
  sections?: { up: RegExp; down: RegExp }
  /** Text that the tool replaces before it runs a file, where the name of the file is one of its own. */
  placeholders?: { names: RegExp; text: RegExp }
}

const JDBC = '"jdbc:postgresql://$PGHOST/$PGDATABASE?sslmode=require"'
const PSQL_VARIABLES = '-H "$PGHOST" -l "$PGUSER" -p "$PGPASSWORD" -d "$PGDATABASE"'

const undoes = (what: string) => `As plain SQL, ${what} would run as well, and undo the migration.`
const FLYWAY_NAME = /(?:^|\/)[VRB][^/]*__[^/]*$/

/**
 * Migration tools, as their manuals and parsers have it: how their files are told from plain SQL in all spellings that the
 * tool itself accepts, and how the tool is called. Tools whose halves are files of their own (`x.up.sql` beside
 * `x.down.sql`: golang-migrate, sqlx, bun, migratus; `down/`: Umzug, grate) are not here, as their forward half is plain SQL
 * in the order of its names: the undoing half is passed over, see `skipReason`.
 */
export const TOOLS: Tool[] = [
  {
    name: 'dbmate',
    command: ({ folder }) => `npx dbmate --migrations-dir ${shellWord(folder)} --no-dump-schema migrate`,
    harm: undoes('what stands behind "-- migrate:down"'),
    comments: [/^--[\s-]*migrate:(?:up|down)\b/i],
  },
  {
    name: 'goose',
    command: ({ folder }) => `goose -dir ${shellWord(folder)} postgres "$DIRECT_URL" up`,
    harm: undoes('what stands behind "-- +goose Down"'),
    comments: [/^--[\s-]*\+goose\s+(?:up|down|statement\s*begin|statement\s*end|envsub)\b/i],
  },
  {
    name: 'sql-migrate',
    command: () => 'sql-migrate up -config=dbconfig.yml',
    harm: undoes('what stands behind "-- +migrate Down"'),
    comments: [/^--[\s-]*\+migrate\b/i],
    markers: [{ file: 'dbconfig.yml' }],
  },
  {
    name: 'tern',
    command: ({ folder }) => `tern migrate --migrations ${shellWord(folder)} --conn-string "$DIRECT_URL"`,
    harm: undoes('what stands behind "---- create above / drop below ----"'),
    comments: [/^--.*\bcreate\s+above\b.*\bdrop\s+below\b/i, /^--[\s-]*tern:/i],
    markers: [{ file: 'tern.conf' }],
  },
  {
    name: 'rambler',
    command: () => 'rambler apply --all',
    harm: undoes('what stands behind "-- rambler down"'),
    comments: [/^--[\s-]*rambler\s+(?:up|down)\b/i],
    markers: [{ file: 'rambler.json' }],
  },
  {
    name: 'shmig',
    command: ({ folder }) => `shmig -t postgresql ${PSQL_VARIABLES} -m ${shellWord(folder)} up`,
    harm: undoes('what stands behind "==== DOWN ===="'),
    comments: [/^--.{0,40}?={2,20}\s*(?:up|down)\s*={2,}/i],
    markers: [{ file: 'shmig.conf' }],
  },
  {
    name: 'MyBatis Migrations',
    command: ({ project }) => `migrate --path=${shellWord(project.replace(/\/?scripts$/, '') || '.')} up`,
    harm: undoes('what stands behind "-- //@UNDO"'),
    comments: [/^--.*@undo\b/i],
  },
  {
    name: 'node-pg-migrate',
    command: ({ folder }) => `npx node-pg-migrate up --migrations-dir ${shellWord(folder)}`,
    harm: undoes('what stands behind "-- Down Migration"'),
    comments: [/^--[\s-]*(?:up|down)\s+migration/i],
  },
  {
    name: 'pogo-migrate',
    command: () => 'pogo apply --no-interactive',
    harm: undoes('what stands behind "-- migrate: rollback"'),
    comments: [/^--[\s-]*migrate:?\s+(?:apply|rollback|up|down)\b/i],
  },
  {
    name: 'Play evolutions',
    command: () => 'sbt "runMain <your class that calls play.api.db.evolutions.OfflineEvolutions.applyScript>"',
    harm: undoes('what stands behind "!Downs"'),
    comments: [/^(?:#|--).*!(?:ups|downs)\b/i],
  },
  {
    name: 'Liquibase',
    command: ({ folder }) =>
      `liquibase --search-path=${shellWord(folder)} --changelog-file=<your changelog> --url=${JDBC} --username="$PGUSER" --password="$PGPASSWORD" update`,
    harm: 'Its changesets have conditions, delimiters and an order of their own, which are comments to plain SQL.',
    comments: [/^--\s*liquibase\s+formatted\s+sql\b/i, /^--\s*changeset\s+[^:]{1,80}:\s*\S+/i],
    markers: [
      { file: 'liquibase.properties' },
      ...['xml', 'yaml', 'yml', 'json'].flatMap((ending) => [
        { file: `db.changelog-master.${ending}`, above: { folders: 1, of: /./ } },
        { file: `changelog.${ending}` },
        { file: `db.changelog.${ending}` },
      ]),
    ],
  },
  {
    name: 'yoyo',
    command: ({ folder }) => `yoyo apply --batch --database "$DIRECT_URL" ${shellWord(folder)}`,
    harm: 'Its files run in the order of their "-- depends:" comments, and *.rollback.sql undoes them.',
    comments: [/^--\s*(?:depends|transactional):/i],
    pair: { name: /^(.*)\.sql$/i, other: '$1.rollback.sql' },
    markers: [{ file: 'yoyo.ini' }],
  },
  {
    name: 'graphile-migrate',
    command: () => 'npx graphile-migrate migrate',
    harm: 'It replaces placeholders such as :DATABASE_OWNER, and current.sql is not committed yet.',
    comments: [/^--!\s*(?:previous|hash|message|allowinvalidhash|split|include|included|endincluded)\b/i],
    markers: [
      { file: '.gmrc', above: { folders: 2, of: /(?:^|\/)(?:committed\/[^/]*|current\.sql|current\/[^/]*)$/ } },
      { file: '.gmrc.js', above: { folders: 2, of: /(?:^|\/)(?:committed\/[^/]*|current\.sql|current\/[^/]*)$/ } },
    ],
  },
  {
    name: 'Diesel or Hasura',
    command: ({ folder }) =>
      `diesel migration run --database-url "$DIRECT_URL" --migration-dir ${shellWord(parentOf(folder))}, or hasura migrate apply --all-databases`,
    harm: undoes('down.sql'),
    pair: { name: /^(.*\/|)up\.sql$/i, other: '$1down.sql' },
    markers: [{ file: 'diesel.toml', above: { folders: 2, of: /(?:^|\/)(?:up|down)\.sql$/i } }],
  },
  {
    name: 'db-migrate',
    command: ({ folder }) =>
      `npx db-migrate up --migrations-dir ${shellWord(folder.replace(/(?:^|\/)sqls$/, '') || '.')}`,
    harm: undoes('the file'),
    names: [/[-_](?:down|undo|rollback|revert)\.sql$/i],
    pair: { name: /^(.*)-up\.sql$/i, other: '$1-down.sql' },
  },
  {
    name: 'postgrator',
    command: ({ folder }) =>
      `npx postgrator --driver pg --host "$PGHOST" --database "$PGDATABASE" --username "$PGUSER" --password "$PGPASSWORD" --migration-pattern ${shellWord(`${folder}/*`)}`,
    harm: undoes('a file *.undo.*'),
    names: [/(?:^|\/)\d+\.do\.(?:[^/]*\.)?sql$/i],
    markers: ['.postgratorrc', '.postgratorrc.json', 'postgrator.json'].map((file) => ({ file })),
  },
  {
    name: 'dogfish',
    command: ({ folder }) => `dogfish migrate ${shellWord(folder)}`,
    harm: undoes('the file'),
    names: [/(?:^|\/)(?:rollback|undo|down|revert)[-_]\d[^/]*\.sql$/i],
  },
  {
    name: 'Sqitch',
    command: ({ project }) => `sqitch --chdir ${shellWord(project)} deploy "db:$DIRECT_URL"`,
    harm: 'Its files run in the order of sqitch.plan, and revert/ undoes them.',
    comments: [/^--\s*(?:deploy|revert|verify)\s+[\w.-]+:[\w.@/-]+\s+(?:to|from|on)\s+pg\b/i],
    markers: [{ file: 'sqitch.plan', above: { folders: 1, of: /(?:^|\/)(?:deploy|revert|verify)\/[^/]*$/ } }],
  },
  {
    name: 'Drizzle',
    command: () => 'npx drizzle-kit migrate',
    harm: 'Its files run in the order of meta/_journal.json.',
    markers: [{ file: 'meta/_journal.json' }],
  },
  {
    name: 'Prisma',
    command: () => 'npx prisma migrate deploy',
    harm: 'Its own ledger says what is applied.',
    markers: [{ file: 'migration_lock.toml', above: { folders: 1, of: /\/migration\.sql$/i } }],
  },
  {
    name: 'Atlas',
    command: ({ folder }) => `atlas migrate apply --dir ${shellWord(`file://${folder}`)} --url "$DIRECT_URL"`,
    harm: 'A file of several parts (atlas:txtar) has a part that undoes it.',
    comments: [/^--\s*atlas:txtar\b/i, /^--\s+(?:migration|down|checks?(?:\/[\w-]+)?)\.sql\s+--/i],
    markers: [{ file: 'atlas.sum' }],
  },
  {
    name: 'Flyway',
    command: ({ folder }) =>
      `flyway -url=${JDBC} -user="$PGUSER" -password="$PGPASSWORD" -locations=${shellWord(`filesystem:${folder}`)} migrate`,
    harm: 'As plain SQL, B…__*.sql would run beside the versions it stands for, callbacks as if they were migrations, and placeholders as they are.',
    // Versions may have no words behind them only in other tools; R__*.sql alone is ours too.
    names: [
      /(?:^|\/)[VB]\d+(?:[._]\d+)*__[^/]*\.sql$/,
      /(?:^|\/)(?:before|after)(?:Each)?(?:Migrate|Versioned|Repeatables?|Clean|Undo|Info|Validate|Baseline|Repair|Connect|CreateSchema|Deploy)(?:Statement|Applied|Error|OperationFinish)?(?:__[^/]*)?\.sql$/,
    ],
    markers: ['flyway.conf', 'flyway.toml'].map((file) => ({ file, above: { folders: 1, of: FLYWAY_NAME } })),
    placeholders: { names: FLYWAY_NAME, text: /\$\{[\w:.]+\}/ },
  },
  {
    name: 'another migration tool',
    command: () => '<the command of that tool>',
    harm: undoes('the half that is for going back'),
    sections: {
      up: /^--[\W_]*(?:migrat\w+\W+)?(?:ups?|do|apply|forward|upgrade)(?:\W+(?:migration|script|section))?[\W_]*$/i,
      down: /^--[\W_]*(?:migrat\w+\W+)?(?:downs?|undo|rollback|revert|backward|downgrade)(?:\W+(?:migration|script|section))?[\W_]*$/i,
    },
  },
]

function parentOf(folder: string): string {
  const slash = folder.lastIndexOf('/')
  return slash < 0 ? '.' : folder.slice(0, slash)
}

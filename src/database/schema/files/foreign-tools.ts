import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { ActionError } from '../../../runtime/errors.ts'
import { instructions } from './directives.ts'
import type { SchemaFile } from './schema-file.ts'
import { shellWord } from './shell-word.ts'

/** A migration tool whose files are not plain SQL, or not in the order of their names. */
interface Tool {
  name: string
  /** Value of the input `migrate_command`; `folder` has the SQL files, `project` the tool's own, below the workspace. */
  command(folder: string, project: string): string
}

const TOOLS = {
  dbmate: {
    name: 'dbmate',
    command: (folder) => `npx dbmate --migrations-dir ${shellWord(folder)} --no-dump-schema migrate`,
  },
  goose: { name: 'goose', command: (folder) => `goose -dir ${shellWord(folder)} postgres "$DIRECT_URL" up` },
  nodePgMigrate: {
    name: 'node-pg-migrate',
    command: (folder) => `npx node-pg-migrate up --migrations-dir ${shellWord(folder)}`,
  },
  sqitch: {
    name: 'Sqitch',
    command: (_folder, project) => `sqitch --chdir ${shellWord(project)} deploy "db:$DIRECT_URL"`,
  },
  drizzle: { name: 'Drizzle', command: () => 'npx drizzle-kit migrate' },
  prisma: { name: 'Prisma', command: () => 'npx prisma migrate deploy' },
  atlas: {
    name: 'Atlas',
    command: (folder) => `atlas migrate apply --dir ${shellWord(`file://${folder}`)} --url "$DIRECT_URL"`,
  },
  flyway: {
    name: 'Flyway',
    command: (folder) =>
      `flyway -url="jdbc:postgresql://$PGHOST/$PGDATABASE?sslmode=require" -user="$PGUSER" -password="$PGPASSWORD" -locations=${shellWord(`filesystem:${folder}`)} migrate`,
  },
} satisfies Record<string, Tool>

/** Comments that only make sense to one tool; run as plain SQL, such a file would run its undoing half as well. */
const COMMENTS: { tool: Tool; form: RegExp }[] = [
  { tool: TOOLS.dbmate, form: /^--[ \t]*migrate:(?:up|down)\b/ },
  { tool: TOOLS.goose, form: /^--[ \t]*\+goose[ \t]+(?:Up|Down)\b/i },
  { tool: TOOLS.nodePgMigrate, form: /^--[ \t]*(?:Up|Down)[ \t]+Migration\b/i },
]

/** Files that a tool puts beside its migrations. `parentOf`: also in the folder above, if the file looks like that. */
const MARKERS: { tool: Tool; marker: string; parentOf?: RegExp }[] = [
  { tool: TOOLS.sqitch, marker: 'sqitch.plan', parentOf: /(?:^|\/)(?:deploy|revert|verify)\/[^/]*$/ },
  { tool: TOOLS.drizzle, marker: 'meta/_journal.json' },
  { tool: TOOLS.prisma, marker: 'migration_lock.toml', parentOf: /\/migration\.sql$/i },
  { tool: TOOLS.atlas, marker: 'atlas.sum' },
  { tool: TOOLS.flyway, marker: 'flyway.conf', parentOf: /(?:^|\/)[VRB][^/]*__[^/]*$/ },
  { tool: TOOLS.flyway, marker: 'flyway.toml', parentOf: /(?:^|\/)[VRB][^/]*__[^/]*$/ },
]

/**
 * Throws an {@link ActionError} when a file is in the format of another migration tool, by its comments or by the files
 * beside it. It names the tool, the file, and the `migrate_command` to use instead.
 */
export async function refuseForeignFormats(workspace: string, files: SchemaFile[]): Promise<void> {
  const folders = new Folders(workspace)
  for (const file of files) {
    refuseComments(file)
    for (const { tool, marker, parentOf } of MARKERS) {
      const own = path.posix.dirname(file.path)
      const candidates = parentOf?.test(file.path) && own !== '.' ? [own, path.posix.dirname(own)] : [own]
      for (const folder of candidates) {
        if (await folders.has(folder, marker)) {
          throw foreign(tool, path.posix.join(folder, marker), file.path, folder)
        }
      }
    }
  }
}

function refuseComments(file: SchemaFile): void {
  for (const { text } of instructions(file.text)) {
    const known = COMMENTS.find(({ form }) => form.test(text))
    if (known) throw foreign(known.tool, `the comment "${text.trim().slice(0, 60)}"`, file.path)
  }
}

function foreign(tool: Tool, sign: string, file: string, project = ''): ActionError {
  const command = tool.command(path.posix.dirname(file), project)
  return new ActionError(`Could not take ${file} as plain SQL: ${sign} says that it belongs to ${tool.name}.`, {
    advice: `Leave the input schema empty and let ${tool.name} run its files, with migrate_command: ${command}`,
    location: { file, line: 1 },
  })
}

/** Names in folders of the workspace, each folder read once. */
class Folders {
  private readonly workspace: string
  private readonly names = new Map<string, Promise<Set<string>>>()

  constructor(workspace: string) {
    this.workspace = workspace
  }

  async has(folder: string, marker: string): Promise<boolean> {
    const name = path.posix.basename(marker)
    return (await this.list(path.posix.join(folder, path.posix.dirname(marker)))).has(name)
  }

  private list(folder: string): Promise<Set<string>> {
    const known = this.names.get(folder)
    if (known) return known
    const listed = readdir(path.join(this.workspace, folder)).then(
      (names) => new Set(names),
      () => new Set<string>(),
    )
    this.names.set(folder, listed)
    return listed
  }
}

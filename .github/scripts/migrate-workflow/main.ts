/**
 * npm run migrate-workflow -- [--write] [--uses OWNER/neon-postgres-setup@v1] FILE...
 *
 * Puts this action in the place of Neon's create-branch-action, delete-branch-action, reset-branch-action and
 * schema-diff-action. Prints the changed file, and what to look at to standard error; with --write it changes the file.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Migration, migrateWorkflow } from './migrate.ts'

const USAGE = 'Usage: npm run migrate-workflow -- [--write] [--uses OWNER/neon-postgres-setup@v1] FILE...'

function remarkLines(file: string, { remarks }: Migration): string {
  return remarks.map(({ line, topic, text }) => `${file}:${line} ${topic}: ${text}\n`).join('')
}

/** Migrates one file; answers whether it could be read. */
function migrateFile(file: string, uses: string, write: boolean): boolean {
  try {
    // npm runs scripts in the folder of package.json, and tells where it was started.
    const path = resolve(process.env.INIT_CWD ?? '.', file)
    const migration = migrateWorkflow(readFileSync(path, 'utf8'), uses)
    if (write && migration.changed) writeFileSync(path, migration.text)
    if (!write) process.stdout.write(migration.text)
    const nothing = migration.changed ? '' : `${file}: nothing to change\n`
    process.stderr.write(remarkLines(file, migration) || nothing)
    return true
  } catch (error) {
    process.stderr.write(`${file}: ${error instanceof Error ? error.message : String(error)}\n`)
    return false
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    uses: { type: 'string', default: 'OWNER/neon-postgres-setup@v1' },
  },
})
if (positionals.length === 0) {
  console.error(USAGE)
  process.exitCode = 2
} else if (!positionals.map((file) => migrateFile(file, values.uses, values.write)).every(Boolean)) {
  process.exitCode = 1
}

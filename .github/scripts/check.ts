/** npm run check: types, lint, and everything generated in step with its sources. Prints each step with its time. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

function run(title: string, command: string, args: string[]): void {
  const started = Date.now()
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  const time = `${((Date.now() - started) / 1000).toFixed(1)} s`
  if (status !== 0) {
    console.error(`✗ ${title} (${time})\n${stdout}${stderr}`)
    process.exit(1)
  }
  console.log(`✓ ${title} (${time})`)
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort()
}

/** Builds into a temporary folder and compares with the committed dist, byte for byte. */
function checkDist(): void {
  const fresh = mkdtempSync(join(tmpdir(), 'neon-postgres-setup-dist-'))
  try {
    run('build', process.execPath, ['.github/scripts/build.ts', '--out', fresh])
    const names = [...new Set([...filesBelow(fresh), ...filesBelow('dist')])]
    const read = (path: string) => {
      try {
        return readFileSync(path)
      } catch {
        return Buffer.alloc(0)
      }
    }
    const different = names.filter((name) => !read(join(fresh, name)).equals(read(join('dist', name))))
    if (different.length > 0) {
      console.error(
        `✗ dist is not in step with the sources: ${different.join(', ')}. Run npm run build and commit dist.`,
      )
      process.exit(1)
    }
    console.log(`✓ dist in step with the sources (${names.length} files)`)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

run('types', 'tsc', ['--noEmit'])
run('lint', 'biome', ['ci', '--error-on-warnings'])
run('docs in step with action.yml', process.execPath, ['.github/scripts/docs.ts', '--check'])
checkDist()

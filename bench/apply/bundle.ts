import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

/**
 * Bundles and minifies `ours.ts` as `dist` is, since that is what a job loads, and returns the path of the bundle below `lib`.
 * Throws an Error with what the compiler or the bundler printed.
 */
export function bundleOurs(): string {
  const out = join(ROOT, 'lib', 'bench-bundle')
  run('tsc', ['-p', 'bench/apply/tsconfig.json'])
  run('ncc', ['build', 'lib/bench/apply/ours.js', '--out', out, '--minify', '--no-cache', '--quiet'])
  return join(out, 'index.js')
}

function run(command: string, parameters: string[]): void {
  const path = `${join(ROOT, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`
  const ended = spawnSync(command, parameters, { cwd: ROOT, env: { ...process.env, PATH: path }, encoding: 'utf8' })
  if (ended.status === 0) return
  throw new Error(
    `${command} ${parameters.join(' ')} failed:\n${ended.error?.message ?? ''}${ended.stdout}${ended.stderr}`,
  )
}

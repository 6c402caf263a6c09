import { join } from 'node:path'
import { runTool } from '../../.github/scripts/tool.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/**
 * Bundles and minifies `ours.ts` as `dist` is, since that is what a job loads, and returns the path of the bundle below `lib`.
 * Throws an Error with what the compiler or the bundler printed.
 */
export function bundleOurs(): string {
  const out = join(ROOT, 'lib', 'bench-bundle')
  runTool(ROOT, 'tsc', ['-p', 'bench/apply/tsconfig.json'])
  runTool(ROOT, 'ncc', ['build', 'lib/bench/apply/ours.js', '--out', out, '--minify', '--no-cache', '--quiet'])
  return join(out, 'index.js')
}

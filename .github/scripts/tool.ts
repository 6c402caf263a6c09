import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** Runs a tool of the repository's own node_modules in `root`. Throws an Error with what it printed when it fails. */
export function runTool(root: string, command: string, args: string[]): void {
  const path = `${join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}`
  const result = spawnSync(command, args, { cwd: root, env: { ...process.env, PATH: path }, encoding: 'utf8' })
  if (result.status === 0) return
  throw new Error(
    `${command} ${args.join(' ')} failed:\n${result.error?.message ?? ''}${result.stdout}${result.stderr}`,
  )
}

import { spawn } from 'node:child_process'
import { access, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { parseKeyValues } from '../../../sandbox/runner/file-commands.ts'

/** What a `run:` step left behind. */
export interface ScriptResult {
  exitCode: number
  log: string
  outputs: Record<string, string>
  environment: Record<string, string>
  summary: string
}

// What a script may really do: make texts, files and dates. Everything else it calls (npm, psql, curl, gh, …) does nothing.
const TOOLS = ['date', 'sed', 'tr', 'cut', 'cat', 'head', 'tail', 'grep', 'sort', 'wc', 'basename', 'dirname', 'mkdir']
const PRELUDE = 'command_not_found_handle() { return 0; }\n'

/** Plays the `run:` steps of a workflow in a folder. */
export interface ScriptRunner {
  run(script: string, environment: Record<string, string>, cwd: string): Promise<ScriptResult>
  close(): Promise<void>
}

/** Starts one; its folder has links to the few tools that scripts may really use. */
export async function startScripts(): Promise<ScriptRunner> {
  const folder = await mkdtemp(join(tmpdir(), 'workflow-scripts-'))
  const tools = join(folder, 'bin')
  await mkdir(tools)
  for (const tool of TOOLS) {
    const found = await firstExisting((process.env.PATH ?? '').split(delimiter).map((path) => join(path, tool)))
    if (found) await symlink(found, join(tools, tool))
  }
  return {
    run: (script, environment, cwd) => runScript({ script, environment, cwd, folder, tools }),
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

interface Script {
  script: string
  environment: Record<string, string>
  cwd: string
  folder: string
  tools: string
}

async function runScript({ script, environment, cwd, folder, tools }: Script): Promise<ScriptResult> {
  const place = await mkdtemp(join(folder, 'step-'))
  const names = ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_STEP_SUMMARY', 'GITHUB_PATH']
  const files = Object.fromEntries(names.map((name) => [name, join(place, name)]))
  await Promise.all(Object.values(files).map((file) => writeFile(file, '')))
  await writeFile(join(place, 'script.sh'), PRELUDE + script)
  const child = spawn('/bin/bash', ['--noprofile', '--norc', '-eo', 'pipefail', join(place, 'script.sh')], {
    cwd,
    env: { ...environment, ...files, PATH: tools, HOME: place },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (log += chunk.toString()))
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
  const read = (name: string) => readFile(files[name] ?? '', 'utf8')
  return {
    exitCode,
    log,
    outputs: Object.fromEntries(parseKeyValues(await read('GITHUB_OUTPUT'))),
    environment: Object.fromEntries(parseKeyValues(await read('GITHUB_ENV'))),
    summary: await read('GITHUB_STEP_SUMMARY'),
  }
}

async function firstExisting(paths: string[]): Promise<string | undefined> {
  for (const path of paths) {
    const there = await access(path).then(
      () => true,
      () => false,
    )
    if (there) return path
  }
  return undefined
}

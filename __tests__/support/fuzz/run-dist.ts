import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { serve } from '../../../sandbox/http/serve.ts'
import { parseCommand } from '../../../sandbox/runner/commands.ts'
import { findLeaks } from '../../../sandbox/runner/index.ts'
import { INPUT_NAMES, inputReader } from '../inputs.ts'
import { FUZZ_SECRETS, type InputCase } from './input-case.ts'
import { RUNTIME_TEXT } from './judge-case.ts'

const NODE = resolve('node_modules/.bin/node')
const SCRIPT = resolve('dist/index.js')
const LONGEST_RUN = 60_000
/** Commands that the action writes itself. */
const OWN_COMMANDS = ['error', 'warning', 'notice', 'group', 'endgroup', 'debug', 'add-mask']
// Where the run would go is the server's address; what says how long it may take is ours too.
const OURS = ['api_host', 'timeout', 'migrate_command']

/** Runs cases through the committed dist, one after the other; what is wrong with each end. */
export async function runDist(
  cases: Iterable<InputCase>,
): Promise<{ runs: number; ends: Record<string, number>; faults: string[] }> {
  const server = await serve(async () => ({ status: 401, body: { code: '', message: 'authentication required' } }))
  const root = mkdtempSync(join(tmpdir(), 'fuzz-'))
  const ends: Record<string, number> = {}
  const faults: string[] = []
  let runs = 0
  try {
    for (const given of cases) {
      runs += 1
      const folder = join(root, String(runs))
      mkdirSync(folder)
      const result = await runOnce(given, folder, server.url)
      rmSync(folder, { recursive: true })
      const end = result.outcome || 'none'
      ends[end] = (ends[end] ?? 0) + 1
      faults.push(...faultsOf(result).map((fault) => `run ${runs}: ${fault}`))
    }
  } finally {
    await server.close()
    rmSync(root, { recursive: true, force: true })
  }
  return { runs, ends, faults }
}

interface Result {
  code: number | null
  signal: string | null
  stdout: string
  stderr: string
  outcome: string
  files: string
}

async function runOnce(given: InputCase, folder: string, url: string): Promise<Result> {
  const values = Object.fromEntries(Object.entries(given.values).filter(([name]) => !OURS.includes(name)))
  const reader = inputReader({ ...values, api_host: url, timeout: '5s' })
  const file = (name: string, text = '') => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const env = {
    PATH: process.env.PATH ?? '',
    ...given.env,
    GITHUB_EVENT_PATH: file('event.json', given.payload),
    GITHUB_OUTPUT: file('output'),
    GITHUB_STEP_SUMMARY: file('summary'),
    GITHUB_API_URL: url,
    GITHUB_SERVER_URL: url,
    GITHUB_RUN_ID: '1',
    GITHUB_WORKSPACE: folder,
    ...Object.fromEntries(INPUT_NAMES.map((name) => [`INPUT_${name.toUpperCase()}`, reader(name)])),
  }
  const child = spawn(NODE, [SCRIPT], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_RUN,
    killSignal: 'SIGKILL',
  })
  const [stdout, stderr] = [child.stdout, child.stderr].map(textOf)
  const [code, signal] = await new Promise<[number | null, string | null]>((done) =>
    child.on('close', (...end) => done(end)),
  )
  const output = readFileSync(env.GITHUB_OUTPUT, 'utf8')
  const outcome = /^outcome<<(\S+)\r?\n(.*)\r?\n\1/m.exec(output)?.[2] ?? ''
  const files = readFileSync(env.GITHUB_STEP_SUMMARY, 'utf8') + output
  return { code, signal, stdout: (await stdout) ?? '', stderr: (await stderr) ?? '', outcome, files }
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Buffer))
  return Buffer.concat(chunks).toString('utf8')
}

function faultsOf({ code, signal, stdout, stderr, outcome, files }: Result): string[] {
  const faults: string[] = []
  if (signal) faults.push(`was ended after ${LONGEST_RUN} ms`)
  else if (code !== 0 && code !== 1) faults.push(`ended with code ${code}`)
  if (stderr !== '') faults.push(`wrote to stderr: ${stderr.slice(0, 300)}`)
  if (outcome === '') faults.push('set no outcome')
  const lines = stdout.split(/\r\n|\n|\r/)
  const commands = lines.flatMap((line) => parseCommand(line)?.name ?? [])
  faults.push(...commands.filter((name) => !OWN_COMMANDS.includes(name)).map((name) => `wrote the command ${name}`))
  // A mask is the one line that carries a secret.
  const told = `${lines.filter((line) => !line.startsWith('::add-mask::')).join('\n')}\n${files}`
  const runtime = RUNTIME_TEXT.exec(told)
  if (runtime)
    faults.push(`has the text of a runtime: ${told.slice(Math.max(0, runtime.index - 100), runtime.index + 200)}`)
  const names = Object.keys(FUZZ_SECRETS)
  const leaks = findLeaks([{ where: 'told', text: told }], Object.values(FUZZ_SECRETS))
  return [...faults, ...leaks.map(({ secret, form }) => `shows the secret ${names[secret]} (${form})`)]
}

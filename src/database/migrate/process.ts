import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Runtime } from '../../runtime/runtime.ts'

/** A shell command to run. */
export interface Command {
  text: string
  directory: string
  environment: Record<string, string>
}

/** How it ended, and the end of its output. */
export interface CommandEnd {
  exitCode: number | null
  signal: NodeJS.Signals | null
  /** Redacted. */
  lastLines: string[]
}

/**
 * How many lines are kept. What failed may stand far above the end: tools print the whole error object behind it, Umzug on
 * Sequelize 880 lines of it.
 */
export const KEPT_LINES = 3000
// A line is kept so far: enough for an error with its query.
const LONGEST_LINE = 8000
// The runner gives a cancelled step 7.5 seconds before it asks again, more harshly; sessions.ts needs some of them.
const GRACE = 3000
// Output that is still on its way when the command has ended.
const REST = 1000

/**
 * Runs a command in a shell and a process group of its own, and streams its output to the log, whose door
 * leaves no line of it a workflow command. When the run is cancelled,
 * the whole group gets SIGTERM, and SIGKILL three seconds later.
 */
export async function runCommand(runtime: Runtime, command: Command): Promise<CommandEnd> {
  const [shell, args] = existsSync('/bin/bash')
    ? ['/bin/bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', command.text]]
    : ['/bin/sh', ['-e', '-c', command.text]]
  runtime.signal.throwIfAborted()
  const child = spawn(shell, args, {
    cwd: command.directory,
    env: { ...withoutInputs(process.env), ...command.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const lastLines: string[] = []
  const take = (line: string) => {
    // Redacted before it is cut.
    lastLines.push(runtime.secrets.redact(line).slice(0, LONGEST_LINE))
    if (lastLines.length > KEPT_LINES) lastLines.shift()
    runtime.log.info(line)
  }
  const stop = () => endGroup(child)
  runtime.signal.addEventListener('abort', stop, { once: true })
  try {
    const output = [child.stdout, child.stderr].map((stream) => readLines(stream, take))
    const end = await ended(child)
    // What has left the group may hold the pipes open for as long as it lives.
    const late = setTimeout(() => {
      for (const { stop } of output) stop()
    }, REST)
    await Promise.all(output.map(({ done }) => done))
    clearTimeout(late)
    return { ...end, lastLines }
  } finally {
    runtime.signal.removeEventListener('abort', stop)
    // A tool that ended may have left children behind.
    signalGroup(child, 'SIGKILL')
  }
}

/** The action's inputs, the API key among them, are nobody else's business. */
function withoutInputs(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^(INPUT|ACTIONS)_/.test(name)))
}

function ended(child: ChildProcess): Promise<Pick<CommandEnd, 'exitCode' | 'signal'>> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    // Not `close`: a child in the background may hold the pipes open.
    child.once('exit', (exitCode, signal) => {
      signalGroup(child, 'SIGTERM')
      resolve({ exitCode, signal })
    })
  })
}

/** Hands on each line until the stream ends, or until it is stopped. */
function readLines(stream: Readable, take: (line: string) => void): { done: Promise<void>; stop(): void } {
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })
  lines.on('line', take)
  const done = new Promise<void>((resolve) => lines.once('close', resolve))
  return {
    done,
    stop() {
      lines.close()
      stream.destroy()
    },
  }
}

function endGroup(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM')
  setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE).unref()
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // The group is gone.
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { type FoundProcess, findProcesses, killAll } from './process-tree.ts'

/** When and how a step is cancelled. */
export interface Cancel {
  /** Cancels as soon as a raw line of the step satisfies it. */
  when?: (line: string) => boolean
  /** Cancels from outside. */
  signal?: AbortSignal
  /** Milliseconds from SIGINT to SIGTERM; 7,500 as on a real runner unless told. */
  terminateAfter?: number
  /** Milliseconds from SIGTERM to the kill of the whole tree; 2,500 as on a real runner unless told. */
  killAfter?: number
  /** Kills the tree at once without any signal before, as when the machine is lost. */
  lost?: boolean
}

/** How a step's process ended. */
export interface ProcessEnd {
  exitCode: number | null
  signal: NodeJS.Signals | null
  cancelled: boolean
  timedOut: boolean
  /** What was sent, in order. */
  sent: ('SIGINT' | 'SIGTERM' | 'SIGKILL')[]
  /** Command lines of processes that outlived the main one; they have been killed. */
  orphans: string[]
}

/** What to run. */
export interface ProcessSettings {
  node: string
  script: string
  cwd: string
  environment: Record<string, string>
  trackingId: string
  cancel: Cancel
  /** Kills the tree after so many milliseconds. */
  timeout: number
  onLine(line: string, stream: 'stdout' | 'stderr'): void
}

// ProcessInvoker.cs: the times between the signals of a cancelled step.
const TERMINATE_AFTER = 7500
const KILL_AFTER = 2500

/**
 * Runs a step's script to its end, in a process group of its own, with nothing on standard input. However it ends, no
 * process of it is left: what outlives the main process is reported and killed.
 */
export async function runStepProcess(settings: ProcessSettings): Promise<ProcessEnd> {
  const { cancel } = settings
  const child = spawn(settings.node, [settings.script], {
    cwd: settings.cwd,
    env: settings.environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const end: ProcessEnd = { exitCode: null, signal: null, cancelled: false, timedOut: false, sent: [], orphans: [] }
  const timers: NodeJS.Timeout[] = []
  const send = (signal: 'SIGINT' | 'SIGTERM') => {
    end.sent.push(signal)
    child.kill(signal)
  }
  const kill = () => {
    end.sent.push('SIGKILL')
    void killTree(child, settings.trackingId)
  }
  const startCancel = () => {
    if (end.cancelled || child.exitCode !== null || child.signalCode !== null) return
    end.cancelled = true
    if (cancel.lost) return kill()
    send('SIGINT')
    const terminateAfter = cancel.terminateAfter ?? TERMINATE_AFTER
    timers.push(setTimeout(() => send('SIGTERM'), terminateAfter))
    timers.push(setTimeout(kill, terminateAfter + (cancel.killAfter ?? KILL_AFTER)))
  }
  const expire = () => {
    end.timedOut = true
    kill()
  }
  timers.push(setTimeout(expire, settings.timeout))
  const abandon = () => killGroup(child)
  process.once('exit', abandon)
  cancel.signal?.addEventListener('abort', startCancel, { once: true })
  child.once('spawn', () => {
    if (cancel.signal?.aborted) startCancel()
  })
  const take = (stream: 'stdout' | 'stderr') => (line: string) => {
    settings.onLine(line, stream)
    if (cancel.when?.(line)) startCancel()
  }
  try {
    const read = Promise.all([eachLine(child.stdout, take('stdout')), eachLine(child.stderr, take('stderr'))])
    const exited = await new Promise<Pick<ProcessEnd, 'exitCode' | 'signal'>>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }))
    })
    Object.assign(end, exited)
    for (const timer of timers) clearTimeout(timer)
    // A child that holds the pipes open would keep the reading below from ending.
    const orphans = await killTree(child, settings.trackingId)
    end.orphans = orphans.map(({ command }) => command)
    await read
    return end
  } finally {
    for (const timer of timers) clearTimeout(timer)
    process.off('exit', abandon)
    cancel.signal?.removeEventListener('abort', startCancel)
  }
}

async function killTree(child: ChildProcess, trackingId: string): Promise<FoundProcess[]> {
  if (child.pid === undefined) return []
  const found = await findProcesses(child.pid, trackingId)
  killGroup(child)
  killAll(found)
  return found
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // The group has ended.
  }
}

/** Lines as the runner reads them: `\n`, `\r` and both together end one (StreamReader.ReadLine). */
async function eachLine(stream: Readable, take: (line: string) => void): Promise<void> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of stream) {
    // A line feed may follow in the next chunk.
    const lines = (rest + decoder.write(chunk as Buffer)).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    for (const line of lines) take(line)
  }
  rest += decoder.end()
  if (rest !== '') for (const line of rest.replace(/\r$/, '').split('\r')) take(line)
}

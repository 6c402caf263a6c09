import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** A process that belongs to a step. */
export interface FoundProcess {
  pid: number
  command: string
}

interface Listed extends FoundProcess {
  parent: number
  tracked: boolean
}

/**
 * Every living process of a step besides `except`: those with the tracking id in their environment, as the runner's clean-up
 * of orphans finds them, and all below `root`. Where there is no /proc only the tree below `root` is found.
 */
export async function findProcesses(root: number, trackingId: string): Promise<FoundProcess[]> {
  const all = process.platform === 'linux' ? await listProc(trackingId) : await listPs()
  const members = new Set(all.filter((one) => one.tracked).map((one) => one.pid))
  members.add(root)
  for (let size = 0; size !== members.size; ) {
    size = members.size
    for (const one of all) if (members.has(one.parent)) members.add(one.pid)
  }
  return all.filter((one) => members.has(one.pid)).map(({ pid, command }) => ({ pid, command }))
}

/** Kills processes; one that has ended meanwhile is no mistake. */
export function killAll(processes: readonly FoundProcess[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // Gone already.
    }
  }
}

async function listProc(trackingId: string): Promise<Listed[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => Number.isInteger(pid))
  const marker = `RUNNER_TRACKING_ID=${trackingId}`
  const listed = await Promise.all(
    pids.map(async (pid): Promise<Listed | undefined> => {
      const [stat, environment, command] = await Promise.all(
        ['stat', 'environ', 'cmdline'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')),
      )
      // The name in parentheses may hold blanks and parentheses; state and parent follow the last one.
      const [state, parent] = (stat ?? '').slice((stat ?? '').lastIndexOf(')') + 2).split(' ')
      if (!parent || state === 'Z') return undefined
      const tracked = (environment ?? '').split('\0').includes(marker)
      return { pid, parent: Number(parent), tracked, command: (command ?? '').replaceAll('\0', ' ').trim() }
    }),
  )
  return listed.filter((one) => one !== undefined)
}

async function listPs(): Promise<Listed[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,command='])
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return pid ? [{ pid: Number(pid), parent: Number(parent), command: command ?? '', tracked: false }] : []
  })
}

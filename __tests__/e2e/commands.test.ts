import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, test } from '@jest/globals'

const started: ChildProcess[] = []
afterEach(() => {
  for (const child of started.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
})

interface Ended {
  code: number | null
  text: string
}

/** Runs one of the project's commands; `onLine` sees its output as it comes. */
function run(script: string, onLine: (line: string, child: ChildProcess) => void = () => undefined): Promise<Ended> {
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  started.push(child)
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    onLine(line, child)
  })
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, text: lines.join('\n') })))
}

/** Every process below this one, and what it listens on that is not loopback (Linux' /proc). */
function processes(): { pid: number; parent: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return [{ pid: Number(name), parent: Number(parent), command }]
      } catch {
        return []
      }
    })
}

function descendants(root: number): number[] {
  const all = processes()
  const below = (pid: number): number[] =>
    all.filter(({ parent }) => parent === pid).flatMap(({ pid: child }) => [child, ...below(child)])
  return [root, ...below(root)]
}

/** Addresses (hex, as the kernel writes them) on which any of these processes listens. */
function listening(pids: number[]): string[] {
  const inodes = new Set(
    pids.flatMap((pid) => {
      try {
        return readdirSync(`/proc/${pid}/fd`).flatMap(
          (fd) => /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [],
        )
      } catch {
        return []
      }
    }),
  )
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .filter((path) => existsSync(path))
    .flatMap((path) => readFileSync(path, 'utf8').trim().split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A' && inodes.has(fields[9] ?? ''))
    .map((fields) => (fields[1] ?? '').split(':')[0] ?? '')
}

const LOOPBACK = '0100007F'
describe('npm run sandbox', () => {
  test("prints an environment that Neon's command line works with, binds to 127.0.0.1 only, leaves nothing", async () => {
    const environment: Record<string, string> = {}
    let addresses: string[] = []
    let projects = ''
    let below: number[] = []
    const ended = await run('sandbox/main.ts', (line, child) => {
      const [, name, value] = /^export (\w+)=(.*)$/.exec(line) ?? []
      if (name && value) environment[name] = value
      if (name !== 'KUBECONFIG') return
      const neonctl = (...args: string[]) =>
        execFileSync(process.execPath, ['node_modules/.bin/neonctl', ...args, '--no-analytics', '--output', 'json'], {
          env: { ...process.env, ...environment },
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        })
      projects = neonctl('projects', 'create', '--name', 'tried', '--api-host', environment.NEON_API_HOST ?? '')
      below = descendants(child.pid ?? 0)
      addresses = listening(below)
      child.kill('SIGINT')
    })
    expect(ended.code).toBe(0)
    expect(Object.keys(environment)).toEqual([
      'NEON_API_HOST',
      'NEON_API_KEY',
      'GITHUB_API_URL',
      'GITHUB_GRAPHQL_URL',
      'GITHUB_TOKEN',
      'KUBECONFIG',
    ])
    expect(JSON.parse(projects).project.name).toBe('tried')
    expect(addresses.length).toBeGreaterThanOrEqual(3)
    expect(new Set(addresses)).toEqual(new Set([LOOPBACK]))
    expect(processes().filter(({ pid }) => below.includes(pid))).toEqual([])
    expect(existsSync(environment.KUBECONFIG ?? '')).toBe(false)
  })
})

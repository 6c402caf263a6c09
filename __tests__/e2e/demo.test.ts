import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { findProcesses } from '../../sandbox/runner/process-tree.ts'

const main = fileURLToPath(new URL('../../sandbox/demo/main.ts', import.meta.url))
const TRACKED = 'demo-test'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-test-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Starts the demo with a temporary folder of its own, so that what it leaves there is seen. */
function start(name: string): { child: ChildProcess; output: () => string; ended: Promise<number | null>; id: string } {
  const id = `${TRACKED}-${process.pid}-${name}`
  const child = spawn(process.execPath, [main, '--out', join(folder, name)], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NO_COLOR: '1', RUNNER_TRACKING_ID: id },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, output: () => text, ended, id }
}

/** What a demo may leave in the system's temporary folder. */
async function leftovers(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('neon-demo-'))
}

describe('npm run demo', () => {
  test('plays the whole story, holds every expectation and writes the page', async () => {
    const before = await leftovers()
    const { ended, output, child, id } = start('whole')
    const code = await ended
    const text = output()
    // The text first: it says why, the exit code does not.
    expect(text).toContain('Everything held')
    expect(code).toBe(0)
    for (const outcome of ['provisioned', 'created', 'reused', 'failed', 'reset', 'deleted', 'gone']) {
      expect(text).toMatch(new RegExp(`✓ {2}[a-i] {2}\\S.* ${outcome} `))
    }
    expect(text.match(/^✓/gm)).toHaveLength(9)
    expect(text).not.toContain('✗')
    // Short enough to be read: the pages hold the rest.
    expect(text.split('\n').length).toBeLessThanOrEqual(260)
    expect(text).not.toMatch(/postgres(?:ql)?:\/\/[^ \n]*:(?!\*\*\*)[^ \n*]+@/)
    const page = await readFile(join(folder, 'whole', 'index.html'), 'utf8')
    expect(page.match(/<section /g)).toHaveLength(9)
    expect(page.match(/<h3>Pull request comment/g)).toHaveLength(7)
    for (const kind of ['caution', 'warning']) expect(page).toContain(`markdown-alert-${kind}`)
    expect(page).toContain('<code class="language-mermaid">erDiagram')
    const script = /<script src="([^"]+)">/.exec(page)?.[1] ?? ''
    expect((await readFile(join(folder, 'whole', decodeURI(script)), 'utf8')).length).toBeGreaterThan(1_000_000)
    expect((await findProcesses(child.pid ?? 0, id)).map(({ command }) => command)).toEqual([])
    expect((await leftovers()).filter((name) => !before.includes(name))).toEqual([])
  })

  test('an interrupt in the middle of a run ends it, its step and its servers', async () => {
    const { ended, output, child, id } = start('interrupted')
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', () => {
        if (/▸ Schema/.test(output())) resolve()
      })
      child.once('close', () => resolve())
    })
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(output()).toContain('Interrupted; everything is stopped and removed.')
    expect(output()).not.toContain('✗')
    expect((await findProcesses(child.pid ?? 0, id)).map(({ command }) => command)).toEqual([])
  })
})

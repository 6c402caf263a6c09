import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { startCluster } from '../../sandbox/postgres/index.ts'
import { openDatabase, type ServerKind } from '../../src/database/connect.ts'
import { waitUntilReady } from '../../src/database/ready.ts'
import { ActionError } from '../../src/runtime/errors.ts'
import { instantClock, testRuntime } from '../support/runtime.ts'

/** How it failed, and after how many waits of how many milliseconds in all, on a clock of its own. */
async function failure(url: string, kind?: ServerKind) {
  const clock = instantClock()
  const runtime = { ...testRuntime(), clock }
  const started = clock.now()
  const error = await waitUntilReady(runtime, { url, ...(kind ? { kind } : {}) }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ActionError)) throw new Error(`no ActionError: ${error}`)
  return { error, waits: clock.slept.length, waited: clock.now() - started }
}

async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

test('a port on which nothing listens: seconds for a foreign server, a minute for a compute of Neon', async () => {
  const url = `postgresql://u:secret-0001@127.0.0.1:${await closedPort()}/d`
  const foreign = await failure(url)
  expect(foreign.waited).toBeGreaterThan(4000)
  expect(foreign.waited).toBeLessThan(7000)
  expect(foreign.error.message).toMatch(
    /^Could not log in at 127\.0\.0\.1:\d+: connect ECONNREFUSED 127\.0\.0\.1:\d+\.$/,
  )
  expect(foreign.error.advice).toBe(
    'Check host and port in connection_string, and that the runner may reach them: firewall, allowed addresses, private network.',
  )
  const neon = await failure(url, 'neon')
  expect(neon.waited).toBeGreaterThan(57_000)
  expect(neon.error.advice).toMatch(/^The compute did not start in time: look at the branch in the Neon console/)
})

test('a name that nobody knows is looked up three times, and Neon is not spoken of', async () => {
  const { error, waits } = await failure('postgresql://u:p@nowhere.invalid/d')
  expect(waits).toBe(2)
  expect(error.title).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/)
  expect(error.sentence).toMatch(/^Could not log in at nowhere\.invalid: .* Check the host in connection_string/)
  expect(error.sentence).not.toMatch(/Neon|compute|branch|project/)
})

test('a server that shuts down or starts says so, and is given a minute whoever it belongs to', async () => {
  const cluster = await startCluster()
  try {
    const holder = await openDatabase(testRuntime(), { url: cluster.url() })
    // Asked to stop, a server waits for its sessions and turns all others away.
    const [pid] = (await readFile(join(cluster.dataDirectory, 'postmaster.pid'), 'utf8')).split('\n')
    process.kill(Number(pid), 'SIGTERM')
    for (const kind of ['foreign', 'neon'] as const) {
      const { error, waited } = await failure(cluster.url(), kind)
      expect([kind, error.title, waited > 57_000]).toEqual([kind, '57P03', true])
      if (kind === 'foreign')
        expect(error.advice).toBe('The server was not ready in time: look at its log, then run the job again.')
    }
    await holder.close()
  } finally {
    await cluster.stop()
  }
})

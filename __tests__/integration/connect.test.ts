import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { startDelayProxy } from '../../sandbox/proxy/index.ts'
import { askDatabase } from '../../src/database/ask-database.ts'
import { type Database, openDatabase, withDatabase } from '../../src/database/connect.ts'
import { waitUntilReady } from '../../src/database/ready.ts'
import { testRuntime } from '../support/runtime.ts'

let server: Server | undefined
const sockets = new Set<Socket>()
afterEach(() => {
  server?.close()
  for (const socket of sockets) socket.destroy()
})

async function listen(onConnection: (socket: Socket) => void): Promise<number> {
  server = createServer((socket) => {
    sockets.add(socket)
    onConnection(socket)
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

describe('waitUntilReady', () => {
  test('a wrong password fails at once, without the password', async () => {
    const cluster = await startCluster()
    try {
      const url = cluster.url({ password: 'wrong-password-0001' })
      const work = waitUntilReady(testRuntime(), { url })
      await expect(work).rejects.toThrow(/Could not log in at 127\.0\.0\.1:\d+: password authentication failed/)
      await expect(work).rejects.not.toThrow(/wrong-password/)
      expect(await waitUntilReady(testRuntime(), { url: cluster.url() })).toBeLessThan(15_000)
    } finally {
      await cluster.stop()
    }
  })

  test('waits with backoff for a port that opens later', async () => {
    const cluster = await startCluster()
    const port = await listen((socket) => socket.destroy())
    await new Promise((resolve) => server?.close(resolve))
    const url = cluster.url().replace(`:${cluster.port}/`, `:${port}/`)
    const runtime = testRuntime()
    const sleep = runtime.clock.sleep
    let waits = 0
    runtime.clock.sleep = async (milliseconds, signal) => {
      waits += 1
      if (waits === 3) server?.listen(port, '127.0.0.1')
      return await sleep(milliseconds, signal)
    }
    server = createServer((socket) => {
      const upstream = connect(cluster.port, '127.0.0.1')
      for (const end of [socket, upstream]) end.on('error', () => end.destroy())
      socket.pipe(upstream).pipe(socket)
    })
    try {
      await waitUntilReady(runtime, { url, kind: 'neon' })
      expect(waits).toBeGreaterThanOrEqual(3)
    } finally {
      await cluster.stop()
    }
  })
})

describe('openDatabase', () => {
  test.each(['disable', 'prefer'])(
    'a server that hangs up before the login is asked once (sslmode=%s)',
    async (mode) => {
      let asked = 0
      const port = await listen((socket) => {
        asked += 1
        socket.destroy()
      })
      const work = openDatabase(testRuntime(), { url: `postgresql://u:p@127.0.0.1:${port}/d?sslmode=${mode}` })
      await expect(work).rejects.toThrow(/the server hung up before the login|ECONNRESET/)
      // Enough for a driver that comes back without a pause.
      await new Promise((resolve) => setTimeout(resolve, 200))
      expect(asked).toBe(1)
    },
  )

  test.each(['disable', 'prefer'])('a cancel ends a connection that never answers (sslmode=%s)', async (mode) => {
    const port = await listen(() => undefined)
    const runtime = testRuntime()
    const work = openDatabase(runtime, { url: `postgresql://u:p@127.0.0.1:${port}/d?sslmode=${mode}` })
    setTimeout(() => runtime.abort(new Error('The run was cancelled.')), 50)
    await expect(work).rejects.toThrow('The run was cancelled.')
  })
})

describe('withDatabase', () => {
  test('work that waits for an answer that never comes ends with the connection', async () => {
    const cluster = await startCluster()
    try {
      let pid = 0
      const work = withDatabase(testRuntime(), { url: cluster.url() }, async ({ sql }) => {
        const [row] = await sql`select pg_backend_pid() as pid`
        pid = Number(row?.pid)
        await cluster.query(`select pg_terminate_backend(${pid})`)
        return await new Promise<never>(() => undefined)
      })
      await expect(work).rejects.toMatchObject({ code: 'CONNECTION_CLOSED', message: 'the connection was lost' })
      expect(pid).toBeGreaterThan(0)
    } finally {
      await cluster.stop()
    }
  })

  test('work that goes on asking after the end is told that the connection was lost', async () => {
    const cluster = await startCluster()
    try {
      const work = withDatabase(testRuntime(), { url: cluster.url() }, async ({ sql }) => {
        await sql.unsafe('select pg_terminate_backend(pg_backend_pid())').catch(() => undefined)
        return await sql.unsafe('rollback')
      })
      await expect(work).rejects.toMatchObject({ code: 'CONNECTION_CLOSED', message: 'the connection was lost' })
    } finally {
      await cluster.stop()
    }
  })

  test('a cancelled run is told as such, not as a lost connection', async () => {
    const cluster = await startCluster()
    const runtime = testRuntime()
    try {
      const work = withDatabase(runtime, { url: cluster.url() }, async () => {
        runtime.abort(new Error('The run was cancelled.'))
        return await new Promise<never>(() => undefined)
      })
      await expect(work).rejects.toThrow('The run was cancelled.')
    } finally {
      await cluster.stop()
    }
  })

  test('the first message goes with the login, and its answer is there', async () => {
    const cluster = await startCluster()
    try {
      const options = { url: cluster.url(), first: 'select 1 as one; select 2 as two' }
      const first = await withDatabase(testRuntime(), options, async (database) => database.first)
      expect(first).toEqual([[{ one: 1 }], [{ two: 2 }]])
      const failing = { url: cluster.url(), first: 'select 1 / 0' }
      const answers = await withDatabase(testRuntime(), failing, async ({ first: refused, sql }) => {
        await expect(refused).rejects.toMatchObject({ code: '22012' })
        return await sql`select 3 as three`
      })
      expect([...answers]).toEqual([{ three: 3 }])
    } finally {
      await cluster.stop()
    }
  })
})

describe('askDatabase', () => {
  const ask = (cluster: Cluster, work: (database: Database, attempt: number) => Promise<unknown>) => {
    const runtime = testRuntime({ instant: true })
    let attempts = 0
    const asked = askDatabase(runtime, { url: cluster.url(), what: 'count the tables' }, (database) => {
      attempts += 1
      return work(database, attempts)
    })
    return { asked, attempts: () => attempts }
  }
  const LOSE = 'select pg_terminate_backend(pg_backend_pid())'

  test('asks again when the connection was lost, three times in all, and tells it as a sentence of what was done', async () => {
    const cluster = await startCluster()
    try {
      const once = ask(cluster, ({ sql }, attempt) => sql.unsafe(attempt === 1 ? LOSE : 'select 7 as seven'))
      expect([...((await once.asked) as object[])]).toEqual([{ seven: 7 }])
      const lasting = ask(cluster, ({ sql }) => sql.unsafe(LOSE))
      await expect(lasting.asked).rejects.toMatchObject({
        name: 'ActionError',
        message: expect.stringMatching(
          /^Could not count the tables in the database postgres at 127\.0\.0\.1:\d+: (the connection was lost|terminating connection due to administrator command)\.$/,
        ),
        advice: expect.stringContaining('Run the job again'),
      })
      expect(lasting.attempts()).toBe(3)
      const refused = ask(cluster, ({ sql }) => sql.unsafe('select 1 / 0'))
      await expect(refused.asked).rejects.toThrow(/^Could not count the tables in .*: division by zero\.$/)
      expect(refused.attempts()).toBe(1)
    } finally {
      await cluster.stop()
    }
  })
})

describe('leaving', () => {
  test('takes no round trip, and the server lets go all the same', async () => {
    const cluster = await startCluster()
    const proxy = await startDelayProxy({ targetPort: cluster.port, roundTripMilliseconds: 1000 })
    const others = async () =>
      (await cluster.query("select from pg_stat_activity where application_name = 'leaver'")).length
    try {
      proxy.roundTripMilliseconds = 0
      const url = cluster.url().replace(`:${cluster.port}/`, `:${proxy.port}/`)
      const database = await openDatabase(testRuntime(), { url, settings: { application_name: 'leaver' } })
      expect(await others()).toBe(1)
      proxy.roundTripMilliseconds = 1000
      await database.leave()
      // Half a second's way from the server, which therefore cannot have answered.
      expect(proxy.open).toBe(1)
      await database.gone
      expect(await others()).toBe(0)
    } finally {
      proxy.roundTripMilliseconds = 0
      await proxy.close()
      await cluster.stop()
    }
  })
})

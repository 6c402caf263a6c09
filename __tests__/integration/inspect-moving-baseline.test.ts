import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { type Database, withDatabase } from '../../src/database/connect.ts'
import {
  beginMove,
  diffSnapshots,
  endMove,
  readBaseline,
  readMovingBaseline,
  saveBaseline,
  takeOver,
  takeSnapshot,
} from '../../src/database/inspect/index.ts'
import { testRuntime } from '../support/runtime.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
})
afterAll(() => cluster.stop())

const look = async (database: Database) => ({ snapshot: await takeSnapshot(database), counts: [] })

test('a move that nobody saw end is there for the next run, which tells only what the pull request did', async () => {
  await withDatabase(testRuntime(), { url: cluster.url() }, async (database) => {
    await cluster.query('create table users (id int primary key)')
    await saveBaseline(database, 'br-pr', await look(database))
    await cluster.query('create table own (id int); alter table users add column own int')
    await beginMove(database, 'br-pr', await look(database))
    await cluster.query('create table tags (id int); alter table users add column points int')
    // Here the first run is cut off; the second one's look at the beginning changes nothing.
    await beginMove(database, 'br-pr', await look(database))
    const { kept, begun } = await readMovingBaseline(database, 'br-pr')
    if (!kept || !begun) throw new Error('nothing was kept')
    await endMove(database, 'br-pr', takeOver(kept, begun, await look(database)))
    expect((await readMovingBaseline(database, 'br-pr')).begun).toBeNull()
    const moved = await readBaseline(database, 'br-pr')
    if (!moved) throw new Error('the baseline is gone')
    const { changes } = diffSnapshots(moved.snapshot, await takeSnapshot(database))
    expect(changes.map(({ action, kind, id }) => `${action} ${kind} ${id}`)).toEqual([
      'added table public.own',
      'added column public.own.id',
      'added column public.users.own',
    ])
  })
})

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../../sandbox/postgres/index.ts'
import { CommandFailed, runMigrateCommand } from '../../src/database/migrate/index.ts'
import type { CommandFailure, SchemaResult } from '../../src/model.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import type { Log } from '../../src/runtime/log.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { createSecrets } from '../../src/runtime/secrets.ts'
import { BOOKS, type Migration, PAGES, SLOW, TWICE, TYPO } from './migrations.ts'
import type { Setup } from './setups.ts'

/** How a set-up fared. */
export interface Outcome {
  setup: Setup
  /** What is wrong; none where everything is as it should be. */
  problems: string[]
  applied: string[]
  /** Seconds from the cancel until nothing of the command runs in the database. */
  secondsToEnd: number
  /** Seconds that the next run took. */
  secondsOfNextRun: number
  /** The failure of a migration whose table is there already, and of one with a typing error. */
  failures: { twice?: CommandFailure | undefined; typo?: CommandFailure | undefined }
  /** The last run's output, for whoever looks for the cause. */
  log: string
}

const MODULES = join(import.meta.dirname, 'node_modules')
const LONG = 60

interface Place {
  cluster: Cluster
  database: string
  workspace: string
}

/** The stories of one set-up, each on a database of its own. */
export async function play(setup: Setup, cluster: Cluster): Promise<Outcome> {
  const outcome: Outcome = {
    setup,
    problems: [],
    applied: [],
    secondsToEnd: 0,
    secondsOfNextRun: 0,
    failures: {},
    log: '',
  }
  const at = async (work: (place: Place) => Promise<void>) => {
    const place = await makePlace(cluster)
    try {
      await work(place)
    } catch (error) {
      outcome.problems.push(error instanceof Error ? error.message : String(error))
    } finally {
      await rm(place.workspace, { recursive: true, force: true })
    }
  }
  await at((place) => succeeds(setup, place, outcome))
  await at((place) => fails(setup, place, outcome))
  await at((place) => isCancelled(setup, place, outcome))
  return outcome
}

async function makePlace(cluster: Cluster): Promise<Place> {
  const database = `db_${Math.random().toString(36).slice(2)}`
  await cluster.query(`create database ${database}`)
  await cluster.query(`create table pace (seconds int); insert into pace values (${LONG})`, database)
  return { cluster, database, workspace: await mkdtemp(join(tmpdir(), 'neon-tools-')) }
}

async function write(setup: Setup, workspace: string, list: Migration[]): Promise<void> {
  const files = { 'package.json': '{"name":"app","private":true}', ...setup.files(list) }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(workspace, name)), { recursive: true })
    await writeFile(join(workspace, name), text)
  }
  await symlink(MODULES, join(workspace, 'node_modules')).catch(() => undefined)
}

function runtimeFor(): { runtime: Runtime; lines: string[]; controller: AbortController } {
  const lines: string[] = []
  const write = (text: string) => void lines.push(text)
  const log: Log = {
    ...{ debug: () => undefined, info: write, notice: write, warning: write, error: write, progress: () => undefined },
    group: (_, work) => work(),
  }
  const controller = new AbortController()
  const runtime = { log, clock: systemClock, secrets: createSecrets(() => undefined), signal: controller.signal }
  return { runtime, lines, controller }
}

function start(
  setup: Setup,
  { cluster, database, workspace }: Place,
  { runtime }: { runtime: Runtime },
): Promise<SchemaResult> {
  const url = cluster.url({ database })
  return runMigrateCommand(runtime, { command: setup.command, workspace, url, urlPooled: url }).catch(
    (error: unknown) => {
      if (error instanceof CommandFailed) return error.result
      throw error
    },
  )
}

const statesOf = ({ files }: SchemaResult) => files.map(({ path, state }) => `${path} ${state}`)

async function succeeds(setup: Setup, place: Place, outcome: Outcome): Promise<void> {
  const first = runtimeFor()
  await write(setup, place.workspace, [BOOKS, PAGES])
  const result = await start(setup, place, first)
  outcome.applied = result.files.map(({ path, notes }) => `${path} (${notes.join(', ')})`)
  outcome.log = first.lines.join('\n')
  if (result.commandFailure) outcome.problems.push(`two migrations: ${result.commandFailure.told.join(' | ')}`)
  if (result.applied !== 2)
    outcome.problems.push(`two migrations: ${result.applied} told, ${statesOf(result).join(', ')}`)
  const again = await start(setup, place, runtimeFor())
  if (again.commandFailure || again.applied !== 0 || again.unchanged !== 2) {
    outcome.problems.push(`nothing to do: ${again.applied} told, ${statesOf(again).join(', ')}`)
  }
}

async function fails(setup: Setup, place: Place, outcome: Outcome): Promise<void> {
  for (const [story, migration] of [
    ['twice', TWICE],
    ['typo', TYPO],
  ] as const) {
    const other = await makePlace(place.cluster)
    await write(setup, other.workspace, [BOOKS, PAGES, migration])
    const run = runtimeFor()
    const { commandFailure } = await start(setup, other, run)
    await rm(other.workspace, { recursive: true, force: true })
    outcome.failures[story] = commandFailure
    outcome.log = run.lines.join('\n')
    const expected = story === 'twice' ? /relation "pages" already exists/ : /syntax error at or near "tabel"/
    const told = commandFailure?.told[0] ?? ''
    if (!commandFailure || (setup.isSilent ? told !== '' : !expected.test(told))) {
      outcome.problems.push(`${story}: the failure is told as '${commandFailure?.told.join(' | ')}'`)
    }
    if (process.env.SAVE_OUTPUTS && commandFailure) {
      await writeFile(
        join(process.env.SAVE_OUTPUTS, `${setup.name.replace(/\W+/g, '-')}.${story}.txt`),
        `${run.lines.join('\n')}\n`,
      )
    }
  }
}

const RUNNING =
  "select pid from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database() and query ~ 'pg_sleep'"

async function isCancelled(setup: Setup, place: Place, outcome: Outcome): Promise<void> {
  await write(setup, place.workspace, [BOOKS, PAGES, SLOW])
  const run = runtimeFor()
  const running = () => place.cluster.query(RUNNING, place.database)
  const work = start(setup, place, run).then(
    ({ commandFailure }) => `it was not cancelled: ${commandFailure?.told.join(' | ')}`,
    () => '',
  )
  const ended = await Promise.race([work, until(async () => (await running()).length > 0)])
  if (ended) throw new Error(`cancel: ${ended}`)
  const cancelled = performance.now()
  run.controller.abort(new Error('The run was cancelled.'))
  await work
  await until(async () => (await running()).length === 0)
  outcome.secondsToEnd = (performance.now() - cancelled) / 1000
  if (outcome.secondsToEnd > 7)
    outcome.problems.push(`cancel: its query ran on for ${outcome.secondsToEnd.toFixed(1)} s`)
  await place.cluster.query('update pace set seconds = 0', place.database)
  const started = performance.now()
  const next = runtimeFor()
  const result = await start(setup, place, next)
  outcome.secondsOfNextRun = (performance.now() - started) / 1000
  outcome.log = next.lines.join('\n')
  const [row] = await place.cluster.query(
    "select count(*)::int as n from pg_class where relname in ('books', 'pages', 'slow') and relkind = 'r'",
    place.database,
  )
  if (result.commandFailure) outcome.problems.push(`next run: ${result.commandFailure.told.join(' | ')}`)
  if (Number(row?.n) !== 3) outcome.problems.push(`next run: ${row?.n} of 3 tables`)
}

async function until(condition: () => Promise<boolean>): Promise<string> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await condition()) return ''
    await sleep(50)
  }
  return 'the wait took longer than 30 s'
}

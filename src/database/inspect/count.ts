import postgres from 'postgres'
import { seconds } from '../../clock.ts'
import { errorCode, errorMessage } from '../../errors.ts'
import type { TableCount } from '../../model.ts'
import type { Runtime } from '../../runtime.ts'
import type { Database } from '../connect.ts'
import {
  type CountOptions,
  type CountSource,
  counted,
  estimated,
  listSources,
  planCount,
  uncounted,
} from './count-plan.ts'

// Of a table without statistics we say "at least so many" rather than read all of it.
const BOUND = 100_000
// The fallbacks of counts that were stopped may take this part of the whole budget on top of it.
const FALLBACK_SHARE = 0.25

/** A message to the server and what became of it: its rows, or why not. */
type Answer = { rows: Record<string, unknown>[] } | { failure: Failure }

interface Failure {
  /** Stopped by a timeout, of a statement or for a lock. */
  stopped: boolean
  reason: string
}

/** Asks one query under a time limit of `perTableMilliseconds` and of what is left until `deadline` (server's clock). */
type Ask = (query: string, deadline: number) => Promise<Answer>

/**
 * Counts the rows of every table. Small tables exactly, all counts pipelined on the one connection, so that a thousand
 * tables cost as many round trips as one; each has its own statement timeout and its own error. A count that is stopped,
 * or is of a table larger than `largestBytes`, becomes an estimate. Takes at most about 1.25 × `totalMilliseconds`.
 * Throws only when the connection is lost or the run is cancelled.
 */
export async function countTables(runtime: Runtime, database: Database, options: CountOptions): Promise<TableCount[]> {
  const sources = await listSources(database)
  const started = sources[0]?.asked_at ?? 0
  const deadline = started + options.totalMilliseconds
  const ask: Ask = (query, until) => askWithin(runtime, database, query, options.perTableMilliseconds, until)
  // Smallest first: when the budget is spent, most tables have their number.
  const bySize = [...sources].sort((a, b) => a.bytes - b.bytes)
  const counts = new Map<CountSource, TableCount>()
  const finish = (source: CountSource, count: TableCount) => {
    counts.set(source, count)
    runtime.log.progress(`Counting rows: ${counts.size} of ${sources.length} tables`)
  }
  const stopped: CountSource[] = []
  await Promise.all(
    bySize.map(async (source) => {
      const step = planCount(source, options)
      if (step.do === 'known') return finish(source, step.count)
      const count = readCount(
        source,
        await ask(step.do === 'bound' ? boundedCount(source) : fullCount(source), deadline),
        options,
      )
      return count ? finish(source, count) : stopped.push(source)
    }),
  )
  const fallbackDeadline = deadline + options.totalMilliseconds * FALLBACK_SHARE
  await Promise.all(
    stopped.map(async (source) =>
      finish(source, await approximate(source, (query) => ask(query, fallbackDeadline), options)),
    ),
  )
  return sources.map((source) => counts.get(source)).filter((count) => count !== undefined)
}

/** The count in an answer; null when it was stopped and there are no statistics to fall back on. */
function readCount(source: CountSource, answer: Answer, options: CountOptions): TableCount | null {
  if ('rows' in answer) {
    const rows = Number(answer.rows[0]?.rows)
    return rows > BOUND && answer.rows[0]?.bounded ? counted(source, BOUND, 'at-least') : counted(source, rows)
  }
  if (!answer.failure.stopped) return uncounted(source, answer.failure.reason)
  return source.estimate === null ? null : estimated(source, source.estimate, tooSlow(options))
}

const tooSlow = (options: CountOptions) =>
  `counting took longer than ${seconds(options.perTableMilliseconds)}, or all counts longer than ${seconds(options.totalMilliseconds)}`

/** For a table without statistics whose count was stopped: a bounded count, else the planner's guess from its size. */
async function approximate(
  source: CountSource,
  ask: (query: string) => Promise<Answer>,
  options: CountOptions,
): Promise<TableCount> {
  const [bounded, plan] = await Promise.all([
    ask(boundedCount(source)),
    ask(`explain (format json) select from ${target(source)}`),
  ])
  const count = 'rows' in bounded ? readCount(source, bounded, options) : null
  if (count) return count
  const rows = 'rows' in plan ? plannedRows(plan.rows) : null
  return rows === null ? uncounted(source, tooSlow(options)) : estimated(source, rows, tooSlow(options))
}

/** `Plan Rows` of an EXPLAIN (FORMAT JSON); null when the output is not as the manual shows it. */
function plannedRows(rows: Record<string, unknown>[]): number | null {
  const [plans] = Object.values(rows[0] ?? {}) as { Plan?: { 'Plan Rows'?: unknown } }[][]
  const planned = plans?.[0]?.Plan?.['Plan Rows']
  return typeof planned === 'number' ? planned : null
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`

/** Without ONLY a count of an inheritance parent includes its children; with it a partitioned table has no rows. */
function target(source: CountSource): string {
  const name = `${quote(source.schema)}.${quote(source.name)}`
  return source.kind === 'table' ? `only ${name}` : name
}

const fullCount = (source: CountSource) => `select pg_catalog.count(*) as rows from ${target(source)}`

const boundedCount = (source: CountSource) =>
  `select pg_catalog.count(*) as rows, true as bounded from (select from ${target(source)} limit ${BOUND + 1}) as bounded`

/**
 * One message of two statements, hence one transaction: the timeout holds for this count alone, and applies to each
 * statement separately (statement_timeout in the manual, since PostgreSQL 13). After the deadline 1 ms is left to each.
 */
async function askWithin(
  runtime: Runtime,
  database: Database,
  query: string,
  milliseconds: number,
  deadline: number,
): Promise<Answer> {
  const left = `${deadline} - pg_catalog.round(extract(epoch from pg_catalog.clock_timestamp()) * 1000)`
  const limit = `pg_catalog.set_config('statement_timeout', greatest(1, least(${milliseconds}, ${left}))::int::text, true)`
  try {
    const results: unknown[] = await database.sql.unsafe(`select ${limit}; ${query}`).simple()
    return { rows: (results.at(-1) ?? []) as Record<string, unknown>[] }
  } catch (error) {
    runtime.signal.throwIfAborted()
    if (!(error instanceof postgres.PostgresError)) throw error
    return { failure: describeFailure(error) }
  }
}

/** 57014 query_canceled, 55P03 lock_not_available, 42501 insufficient_privilege (Appendix A of the manual). */
function describeFailure(error: unknown): Failure {
  const code = errorCode(error)
  if (code === '42501') return { stopped: false, reason: 'no access' }
  return { stopped: code === '57014' || code === '55P03', reason: errorMessage(error) }
}

/**
 * The same counts with what changed against a baseline: rows now minus rows then, of tables that both know exactly and
 * see alike (row-level security). Tables that the baseline lacks have no change.
 */
export function changeAgainst(counts: TableCount[], baseline: TableCount[]): TableCount[] {
  const key = (count: TableCount) => JSON.stringify([count.schema, count.name])
  const before = new Map(baseline.map((count) => [key(count), count]))
  return counts.map((count) => {
    const { change: _previous, ...now } = count
    const then = before.get(key(count))
    const comparable = then?.precision === 'exact' && now.precision === 'exact' && then.visibleOnly === now.visibleOnly
    return comparable && then.rows !== null && now.rows !== null ? { ...now, change: now.rows - then.rows } : now
  })
}

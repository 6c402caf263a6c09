import postgres from 'postgres'
import type { TableCount } from '../../model.ts'
import { seconds } from '../../runtime/clock.ts'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import { plural, whole } from '../../runtime/plural.ts'
import type { Runtime } from '../../runtime/runtime.ts'
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
// Counts are pipelined: one that waits for a lock holds up the rest.
const LOCK_MILLISECONDS = 1000
// The fallbacks of counts that were stopped may take this part of the whole budget on top of it.
const FALLBACK_SHARE = 0.25

/** A message to the server and what became of it: its rows, or why not. */
type Answer = { rows: Record<string, unknown>[] } | { failure: Failure }

/** `slow`: stopped by the timeout; `locked`: someone has the table exclusively; `refused`: anything else. */
interface Failure {
  kind: 'slow' | 'locked' | 'refused'
  reason: string
}

/** Asks one query under the limits of the options and of what is left until `deadline` (server's clock). */
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
  const ask: Ask = (query, until) => askWithin(runtime, database, { query, deadline: until, ...options })
  // Smallest first: when the budget is spent, most tables have their number.
  const bySize = [...sources].sort((a, b) => a.bytes - b.bytes)
  const counts = new Map<CountSource, TableCount>()
  const finish = (source: CountSource, count: TableCount) => {
    counts.set(source, count)
    runtime.log.progress(`Counting rows: ${whole(counts.size)} of ${plural(sources.length, 'table')}`)
  }
  const slow: CountSource[] = []
  await Promise.all(
    bySize.map(async (source) => {
      const step = planCount(source, options)
      if (step.do === 'known') return finish(source, step.count)
      const count = readCount(
        source,
        await ask(step.do === 'bound' ? boundedCount(source) : fullCount(source), deadline),
      )
      return count ? finish(source, count) : slow.push(source)
    }),
  )
  const fallbackDeadline = deadline + options.totalMilliseconds * FALLBACK_SHARE
  await Promise.all(
    slow.map(async (source) => finish(source, await approximate(source, (query) => ask(query, fallbackDeadline)))),
  )
  return sources.map((source) => counts.get(source)).filter((count) => count !== undefined)
}

/** The count in an answer; null when it took too long and there are no statistics to fall back on. */
function readCount(source: CountSource, answer: Answer): TableCount | null {
  if ('rows' in answer) {
    const rows = Number(answer.rows[0]?.rows)
    return rows > BOUND && answer.rows[0]?.bounded ? counted(source, BOUND, 'at-least') : counted(source, rows)
  }
  const { kind, reason } = answer.failure
  if (kind !== 'refused' && source.estimate !== null) return estimated(source, source.estimate, reason)
  return kind === 'slow' ? null : uncounted(source, reason)
}

/** For a table without statistics whose count was stopped: a bounded count, else the planner's guess from its size. */
async function approximate(source: CountSource, ask: (query: string) => Promise<Answer>): Promise<TableCount> {
  const [bounded, plan] = await Promise.all([
    ask(boundedCount(source)),
    ask(`explain (format json) select from ${target(source)}`),
  ])
  const count = readCount(source, bounded)
  if (count) return count
  const reason = 'failure' in bounded ? bounded.failure.reason : ''
  const rows = 'rows' in plan ? plannedRows(plan.rows) : null
  return rows === null ? uncounted(source, reason) : estimated(source, rows, reason)
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
  asked: CountOptions & { query: string; deadline: number },
): Promise<Answer> {
  const left = `${asked.deadline} operator(pg_catalog.-) pg_catalog.round(
    extract(epoch from pg_catalog.clock_timestamp()) operator(pg_catalog.*) 1000)`
  const limits = `pg_catalog.set_config('lock_timeout', '${LOCK_MILLISECONDS}', true), pg_catalog.set_config(
    'statement_timeout', greatest(1, least(${asked.perTableMilliseconds}, ${left}))::int::pg_catalog.text, true)`
  runtime.signal.throwIfAborted()
  if (!database.isOpen()) throw new Error('The connection to the database was lost while rows were counted.')
  try {
    const results: unknown[] = await database.sql.unsafe(`select ${limits}; ${asked.query}`).simple()
    return { rows: (results.at(-1) ?? []) as Record<string, unknown>[] }
  } catch (error) {
    runtime.signal.throwIfAborted()
    if (!(error instanceof postgres.PostgresError)) throw error
    return { failure: describeFailure(error, asked) }
  }
}

/** 57014 query_canceled, 55P03 lock_not_available, 42501 insufficient_privilege (Appendix A of the manual). */
function describeFailure(error: unknown, options: CountOptions): Failure {
  const [one, all] = [seconds(options.perTableMilliseconds), seconds(options.totalMilliseconds)]
  switch (errorCode(error)) {
    case '57014':
      return { kind: 'slow', reason: `counting took longer than ${one}, or all counts longer than ${all}` }
    case '55P03':
      return { kind: 'locked', reason: 'locked by another session' }
    case '42501':
      return { kind: 'refused', reason: 'no access' }
    default:
      return { kind: 'refused', reason: errorMessage(error) }
  }
}

/**
 * The same counts with what changed against a baseline: rows now minus rows then, of tables that both know exactly and
 * see alike (row-level security). A table is the same by oid, whatever its name, else by name. Tables that the baseline
 * lacks have no change.
 */
export function changeAgainst(counts: TableCount[], baseline: TableCount[]): TableCount[] {
  const nameOf = (count: TableCount) => JSON.stringify([count.schema, count.name])
  const byOid = new Map(baseline.flatMap((count) => (count.oid === undefined ? [] : [[count.oid, count] as const])))
  const byName = new Map(baseline.map((count) => [nameOf(count), count]))
  const present = new Set(counts.map(({ oid }) => oid))
  return counts.map((count) => {
    const { change: _previous, ...now } = count
    const named = byName.get(nameOf(count))
    // The name may be that of a table which is called otherwise now.
    const isOther = named?.oid !== undefined && named.oid !== count.oid && present.has(named.oid)
    const then = byOid.get(count.oid ?? -1) ?? (isOther ? undefined : named)
    const comparable = then?.precision === 'exact' && now.precision === 'exact' && then.visibleOnly === now.visibleOnly
    return comparable && then.rows !== null && now.rows !== null ? { ...now, change: now.rows - then.rows } : now
  })
}

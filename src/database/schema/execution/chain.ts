import { setImmediate } from 'node:timers/promises'
import type { Row } from '../../connect.ts'
import {
  FLUSH_ROWS,
  isLookGone,
  LEFT_OVER_ROWS,
  type Observation,
  PreparedLook,
  type Relations,
  readObservation,
} from '../../observe/index.ts'
import type { Statement } from '../../sql/split.ts'
import { closeRow, guardComplete, type LedgerEntry, OUR_SEARCH_PATH, openRow } from '../ledger/ledger.ts'
import { refuseInvalidIndex } from './index-state.ts'
import { RESET_ALL_BUT_PREPARED, RESET_SESSION } from './reset-session.ts'
import type { Session } from './session.ts'

/** One file of a chain. */
export interface Link {
  entry: LedgerEntry
  statements: Statement[]
  /** Whether the ledger may have a row of this file already. */
  replace: boolean
  /** Whether to look at its locks, rewrites and rows. */
  observe: boolean
}

/** How a chain is sent. */
export interface ChainOptions {
  /** All links in one transaction instead of one each. */
  together: boolean
  serverVersion: number
  /** Relations before the first link; needed where a link is observed. */
  relations: Promise<Relations>
  /** Told when a link is in (with `together`: ready to be in). */
  onLink(index: number): void
}

/** A link that is in. */
export interface LinkResult {
  milliseconds: number
  observation: Observation | undefined
}

/** The first message of a chain that failed. */
export interface ChainFailure {
  /** Which link. */
  link: number
  /** `open` and `close` are our messages around the file. */
  step: 'open' | 'statement' | 'close'
  /** Which statement, from 0. */
  statement: number
  error: unknown
}

/** How a chain ended: results of the links that are in, and the failure that ended it. */
export interface ChainResult {
  results: LinkResult[]
  failure?: ChainFailure
}

const FLUSHES_SINCE = 150_000

// Between so many statements everything else has its turn: answers, signals, the time limit.
const SENT_AT_ONCE = 500

const ISOLATION =
  /^set\s+(?:transaction\b[\s\S]*?\bisolation\s+level\s+|(?:(?:local|session)\s+)?transaction_isolation\s*(?:=|\bto\b)\s*'?)(serializable|repeatable\s+read)/i

/**
 * Our own queries stand before the file's first statement, where a change of the isolation level is refused unless it says what
 * holds already: so the transaction begins with the level that the file asks for, if only other settings stand in front of that.
 */
function begin({ statements }: Link): string {
  const firstOther = statements.findIndex(({ words }) => words[0] !== 'set' && words[0] !== 'reset')
  const settings = firstOther < 0 ? statements : statements.slice(0, firstOther)
  const level = settings.map(({ text }) => ISOLATION.exec(text)?.[1]).find((asked) => asked !== undefined)
  return `begin isolation level ${level ?? 'read committed'} read write`
}

/**
 * Sends all links without waiting for any answer, each in its own transaction with its ledger row, and returns when all
 * answers are there. It is safe because an error leaves the transaction aborted, in which `begin` and so every later
 * message fails, and because three guards cover the ways out of that state: a link begins only when the row of the one
 * before it is complete; deferred constraints are checked while the transaction can still fail; and a row is closed only by
 * the transaction that opened it, which it is not when the file ended ours by a COMMIT or ROLLBACK of its own.
 */
export async function runChain(session: Session, links: Link[], options: ChainOptions): Promise<ChainResult> {
  const ended = await sendChain(session, links, { ...options, look: new PreparedLook(true) })
  const { failure, results } = ended
  if (!failure || !isLookGone(failure.error)) return ended
  // The link was rolled back, with `together` all of them; the same again without what a file can take away.
  // Its counters would be added to those of the second try.
  if (options.serverVersion >= FLUSHES_SINCE) await session.send(FLUSH_ROWS)
  const from = results.length
  const again = await sendChain(session, links.slice(from), {
    ...options,
    look: new PreparedLook(false),
    onLink: (index) => options.onLink(from + index),
  })
  return {
    results: [...results, ...again.results],
    ...(again.failure ? { failure: { ...again.failure, link: from + again.failure.link } } : {}),
  }
}

interface SendOptions extends ChainOptions {
  look: PreparedLook
}

async function sendChain(session: Session, links: Link[], options: SendOptions): Promise<ChainResult> {
  const answers: Promise<LinkResult | undefined>[] = []
  let failure: ChainFailure | undefined
  let sent = 0
  // Answers come in the order of the messages, so the first rejection is the cause and all others follow from it.
  const watch = <T>(answer: Promise<T>, at: Omit<ChainFailure, 'error'>): Promise<T | undefined> =>
    answer.catch((error) => {
      failure ??= { ...at, error }
      return undefined
    })
  for (const [index, link] of links.entries()) {
    const opened = watch(session.send(openMessage(links, index, options)), { link: index, step: 'open', statement: -1 })
    for (const [statement, parsed] of link.statements.entries()) {
      if (sent % SENT_AT_ONCE === SENT_AT_ONCE - 1) await setImmediate()
      if (failure) break
      sent += 1
      const { text, copyData } = parsed
      const at = { link: index, step: 'statement', statement } as const
      if (copyData === undefined) void watch(session.run(text), at)
      else await watch(session.copy(text, copyData), at)
      const check = refuseInvalidIndex(parsed)
      if (check) void watch(session.run(check), at)
    }
    const last = index === links.length - 1
    const closed = watch(session.send(closeMessage(link, !options.together || last, options)), {
      link: index,
      step: 'close',
      statement: link.statements.length - 1,
    })
    answers.push(readLink({ link, opened, closed, options, tell: () => options.onLink(index) }))
    if (failure) break
  }
  const results = (await Promise.all(answers)).filter((result) => result !== undefined)
  if (!failure) return { results }
  if (session.isOpen()) await session.send('rollback').catch(() => undefined)
  return { results: options.together ? [] : results, failure }
}

function openMessage(links: Link[], index: number, options: SendOptions): string {
  const link = links[index]
  const previous = links[index - 1]
  if (!link) throw new RangeError(`The chain has no link ${index}.`)
  const guard = previous ? guardComplete(previous.entry.name, options.together) : ''
  // Within a transaction of all links, `begin` only warns, and outside of it the guard then fails where it must.
  const { forgetsPrepared, prepare } = options.look.before(link, previous)
  const reset = forgetsPrepared ? RESET_SESSION : RESET_ALL_BUT_PREPARED
  const ours = [OUR_SEARCH_PATH, ...prepare, guard, openRow(link.entry, link.replace), ...lookBefore(link, options)]
  // The file finds the search path that its role and database have by default.
  return [begin(link), reset, ...ours, 'reset search_path'].filter(Boolean).join(';\n')
}

/** What must be known before a file to tell apart what it did itself. */
function lookBefore(link: Link, options: SendOptions): string[] {
  if (!link.observe) return []
  const leftOver = options.serverVersion < FLUSHES_SINCE ? [LEFT_OVER_ROWS] : []
  // The transaction of all links keeps the locks and counters of those before.
  return options.together ? [options.look.at(link), ...leftOver] : leftOver
}

function closeMessage(link: Link, commit: boolean, options: SendOptions): string {
  const look = link.observe ? [options.look.at(link)] : []
  const flush = options.serverVersion >= FLUSHES_SINCE ? [FLUSH_ROWS] : []
  const end = commit ? ['commit'] : []
  const reset = ['reset session authorization', 'reset role', OUR_SEARCH_PATH]
  return ['set constraints all immediate', ...reset, ...look, ...flush, closeRow(link.entry.name), ...end].join(';\n')
}

interface LinkAnswers {
  link: Link
  opened: Promise<Row[] | undefined>
  closed: Promise<Row[] | undefined>
  options: ChainOptions
  tell(): void
}

async function readLink({ link, opened, closed, options, tell }: LinkAnswers): Promise<LinkResult | undefined> {
  const before = await opened
  const rows = await closed
  if (!rows) return undefined
  tell()
  const milliseconds = Number(rows.find((row) => 'recorded_milliseconds' in row)?.recorded_milliseconds ?? 0)
  if (!link.observe) return { milliseconds, observation: undefined }
  // Awaited in the order of the files, as every look builds on the one before it.
  const relations = await options.relations
  return { milliseconds, observation: readObservation(rows, relations, before ?? []) }
}

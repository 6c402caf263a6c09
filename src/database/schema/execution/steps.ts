import { createHash } from 'node:crypto'
import type { Statement } from '../../sql/split.ts'
import { controlsTransaction } from '../../sql/transactions.ts'
import type { Task } from '../decision/task.ts'
import { addStatement } from '../files/checksum.ts'
import { markDone, markFailed, OUR_SEARCH_PATH, openRow } from '../ledger/ledger.ts'
import {
  type ConcurrentIndex,
  concurrentIndex,
  type IndexState,
  indexStateQuery,
  readIndexStates,
  refuseInvalidIndex,
} from './index-state.ts'
import { RESET_SESSION } from './reset-session.ts'
import type { Session } from './session.ts'

/** How a file that runs statement by statement ended. */
export interface StepsResult {
  milliseconds: number
  /** Statements that are in. */
  done: number
  failure?: { statement: number; error: unknown }
  /** Qualified name of an invalid index that the failed statement left behind. */
  leftInvalid?: string
}

/** How to run the steps. */
export interface StepsOptions {
  onStatement(index: number): void
}

/**
 * Runs a file statement by statement, waiting for each, and notes in the ledger how many are in. A statement that may run
 * in a transaction goes in with its note; one that may not is noted right after it. Within a transaction of the file's own
 * the note is part of it, so that it is rolled back with the statements it counts.
 */
export async function runSteps(session: Session, task: Task, options: StepsOptions): Promise<StepsResult> {
  const { statements } = task.script
  const run = new Steps(session, task)
  let index = task.resumeAt
  try {
    await run.open()
    for (; index < statements.length; index += 1) {
      options.onStatement(index)
      await run.step(index)
    }
    if (run.isInOwnTransaction) throw Object.assign(new Error(LEFT_OPEN), { code: '25001' })
    await session.send(RESET_SESSION)
  } catch (error) {
    return { ...(await run.giveUp()), failure: { statement: Math.min(index, statements.length - 1), error } }
  }
  return { milliseconds: run.milliseconds, done: statements.length }
}

const LEFT_OPEN = 'the file ends within a transaction that it began; end it with COMMIT'

class Steps {
  milliseconds = 0
  isInOwnTransaction = false
  private readonly session: Session
  private readonly task: Task
  private readonly nonTransactional: ReadonlySet<Statement>
  private building: { built: ConcurrentIndex; before: IndexState[] } | undefined
  // Over the statements that are in.
  private readonly hash = createHash('sha256')

  constructor(session: Session, task: Task) {
    this.session = session
    this.task = task
    this.nonTransactional = new Set(task.traits.nonTransactional)
    for (const statement of task.script.statements.slice(0, task.resumeAt)) addStatement(this.hash, statement)
  }

  /** Writes the file's row, or takes the row of the run before over. */
  async open(): Promise<void> {
    const { entry, replace, resumeAt } = this.task
    const taken = resumeAt > 0 ? [this.note(resumeAt)] : []
    await this.session.send(RESET_SESSION)
    await this.session.send(
      ['begin read write', OUR_SEARCH_PATH, openRow(entry, replace), ...taken, 'commit'].join(';\n'),
    )
  }

  async step(index: number): Promise<void> {
    const statement = this.task.script.statements[index]
    if (!statement) throw new RangeError(`The file has no statement ${index}.`)
    addStatement(this.hash, statement)
    const controls = controlsTransaction(statement)
    const alone = this.runsAlone(statement)
    if (!alone && !controls && !this.isInOwnTransaction) return this.withMark(statement, index + 1)
    const built = alone ? concurrentIndex(statement) : undefined
    if (built) await this.build(statement, built, index)
    else await this.execute(statement)
    if (controls) this.isInOwnTransaction = opensTransaction(statement)
    // A note there would be a query before the file's own SET TRANSACTION; what follows notes it as well.
    const isFirstInOwn = controls ? begins(statement) : this.isInOwnTransaction && setsTransaction(statement)
    return isFirstInOwn ? undefined : this.mark(index + 1)
  }

  /** Whether a transaction of ours around the statement could make it fail. */
  private runsAlone(statement: Statement): boolean {
    const { wantsNone } = this.task
    return this.nonTransactional.has(statement) || (wantsNone && MAY_COMMIT.has(statement.words[0] ?? ''))
  }

  /** One transaction of the statement and its note, in one round trip unless rows have to be fed. */
  private async withMark(statement: Statement, done: number): Promise<void> {
    const messages = [this.session.send('begin read write'), this.execute(statement)]
    // Rows must be fed before anything else is sent.
    if (statement.copyData !== undefined) await messages[1]
    const check = refuseInvalidIndex(statement)
    if (check) messages.push(this.session.run(check))
    const note = this.session.send(`${AS_OURSELVES};\n${this.note(done)};\ncommit`)
    const failed = (await Promise.allSettled([...messages, note])).find((answer) => answer.status === 'rejected')
    if (failed) throw failed.reason
    this.read(await note)
  }

  private async mark(done: number): Promise<void> {
    // Within the file's own transaction its role stays as the file set it.
    const note = this.isInOwnTransaction
      ? this.note(done)
      : ['begin read write', AS_OURSELVES, this.note(done), 'commit'].join(';\n')
    this.read(await this.session.send(note))
  }

  private read(rows: Record<string, unknown>[]): void {
    this.milliseconds = Number(rows.find((row) => 'recorded_milliseconds' in row)?.recorded_milliseconds ?? 0)
  }

  private note(done: number): string {
    const { script, entry } = this.task
    const isWhole = done >= script.statements.length
    return markDone(entry.name, done, isWhole ? '' : this.hash.copy().digest('hex'))
  }

  private execute({ text, copyData }: Statement): Promise<unknown> {
    return copyData === undefined ? this.session.run(text) : this.session.copy(text, copyData)
  }

  /**
   * CREATE INDEX CONCURRENTLY, which leaves an invalid index behind when it fails: that would be in the way of the next try,
   * and to IF NOT EXISTS it is an index like any other. After a run that was cut off, an index may be there and not noted.
   */
  private async build(statement: Statement, built: ConcurrentIndex, index: number): Promise<void> {
    const before = await this.indexes(built)
    this.building = { built, before }
    const there = built.name === '' ? undefined : before[0]
    if (there && !there.valid) {
      if (there.builder !== undefined) throw isBeingBuilt(there)
      await this.session.send(`drop index concurrently ${there.name}`)
    }
    const isIn = there?.valid && index === this.task.resumeAt && this.task.interrupted === 'cut off'
    if (!isIn) await this.execute(statement)
    this.building = undefined
  }

  private async indexes(built: ConcurrentIndex): Promise<IndexState[]> {
    return readIndexStates(await this.session.send(indexStateQuery(built)))
  }

  // A name that the server makes is another one each time, so no later run could find what this one leaves behind.
  private async tidyUp(): Promise<string | undefined> {
    if (!this.building) return undefined
    const { built, before } = this.building
    const known = new Set(before.filter(({ valid }) => built.name === '' || valid).map(({ name }) => name))
    const [left] = (await this.indexes(built)).filter(({ name, valid, builder }) => {
      return !valid && builder === undefined && !known.has(name)
    })
    if (built.name !== '' || !left) return left?.name
    await this.session.send(`drop index concurrently ${left.name}`)
    return undefined
  }

  /** Rolls back what is open, reads what stays, and notes that the next statement has failed. */
  async giveUp(): Promise<Omit<StepsResult, 'failure'>> {
    const { entry, resumeAt } = this.task
    if (!this.session.isOpen()) return { milliseconds: this.milliseconds, done: resumeAt }
    await this.session.send('rollback')
    const leftInvalid = await this.tidyUp().catch(() => undefined)
    await this.session.send(RESET_SESSION)
    const rows = await this.session.send(
      ['begin read write', OUR_SEARCH_PATH, markFailed(entry.name), 'commit'].join(';\n'),
    )
    const done = Number(rows.find((row) => 'done' in row)?.done ?? 0)
    return { milliseconds: this.milliseconds, done, ...(leftInvalid ? { leftInvalid } : {}) }
  }
}

// They end transactions where a procedure does (CALL, DO), or refuse one where a table is partitioned.
const MAY_COMMIT = new Set(['call', 'do', 'reindex', 'cluster'])

function isBeingBuilt({ name, builder }: IndexState): Error {
  return Object.assign(new Error(`the index ${name} is being built by process ${builder}`), {
    code: '55006',
    hint: 'Run the job again when that process has ended.',
  })
}

// SET LOCAL: what the file set for its session holds on after the note.
const AS_OURSELVES = `set local session authorization default; set local role none; ${OUR_SEARCH_PATH}`

function begins({ words: [first = ''] }: Statement): boolean {
  return first === 'begin' || first === 'start'
}

function setsTransaction({ words: [first, second = ''] }: Statement): boolean {
  return first === 'set' && (second === 'transaction' || second === 'transaction_isolation')
}

/** Whether a statement of transaction control leaves a transaction open. */
function opensTransaction(statement: Statement): boolean {
  if (begins(statement)) return true
  const { words } = statement
  const chain = words.indexOf('chain')
  return chain > 0 && words[chain - 1] === 'and'
}

import type { SqlFailure } from '../../../model.ts'
import { ActionError, errorCode, errorMessage } from '../../../runtime/errors.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { RELATIONS, type Relations, readRelations } from '../../observe/index.ts'
import type { Decision } from '../decision/decide.ts'
import type { Task } from '../decision/task.ts'
import {
  connectionLost,
  describeFailure,
  endedTransaction,
  isGuard,
  isServerError,
  openError,
} from '../failure/failure.ts'
import { CREATE_LEDGER, OUR_SEARCH_PATH } from '../ledger/ledger.ts'
import type { ApplyOptions } from '../policy.ts'
import { type ChainFailure, runChain } from './chain.ts'
import { isLocked, TRY_LOCK } from './lock.ts'
import { runByStatements, usesNewEnumValue } from './new-enum-value.ts'
import type { Session } from './session.ts'
import { runSteps } from './steps.ts'

/** What {@link runTasks} works with. */
export interface RunContext {
  session: Session
  /** Those of the decision that are to run now. */
  tasks: Task[]
  /** SQL that writes to the ledger before they do. */
  changes: string[]
  decision: Decision
  options: ApplyOptions
  hasLedger: boolean
  serverVersion: number
}

const TELL_EVERY = 1000

/**
 * Runs the tasks in order and writes what became of them into their results; returns the failure that ended the run.
 * Throws an {@link ActionError} when the ledger cannot be made or the connection is lost.
 */
export async function runTasks(runtime: Runtime, context: RunContext): Promise<SqlFailure | undefined> {
  const { tasks, changes } = context
  if (tasks.length + changes.length === 0) return undefined
  const run = new TaskRun(runtime, context)
  const timer = setInterval(() => run.tellProgress(), TELL_EVERY)
  try {
    run.prepare(changes)
    return await run.all(tasks)
  } finally {
    clearInterval(timer)
  }
}

class TaskRun {
  private readonly runtime: Runtime
  private readonly context: RunContext
  private relations: Promise<Relations> = Promise.resolve(new Map())
  private preparation: Promise<unknown> = Promise.resolve()
  private preparationError: unknown
  private done = 0
  private doing = ''

  constructor(runtime: Runtime, context: RunContext) {
    this.runtime = runtime
    this.context = context
  }

  tellProgress(): void {
    const { tasks } = this.context
    const current = tasks[this.done] ?? tasks.at(-1)
    if (!current) return
    const number = Math.min(this.done + 1, tasks.length)
    this.runtime.log.progress(`Applying file ${number} of ${tasks.length}: ${current.file.path}${this.doing}`)
  }

  /** Sends what must come before the files, without waiting for it: a failure leaves the session unable to go on. */
  prepare(changes: string[]): void {
    const { session, hasLedger } = this.context
    const messages = hasLedger ? [] : [CREATE_LEDGER]
    if (changes.length > 0) messages.push(['begin read write', OUR_SEARCH_PATH, ...changes, 'commit'].join(';\n'))
    const note = (error: unknown) => {
      this.preparationError ??= error
    }
    this.preparation = Promise.all(messages.map((message) => session.send(message).catch(note)))
    if (this.context.tasks.some(({ observe }) => observe)) {
      this.relations = session.send(`${OUR_SEARCH_PATH};\n${RELATIONS}`).then(readRelations, () => new Map())
    }
  }

  async all(tasks: Task[]): Promise<SqlFailure | undefined> {
    for (const group of groups(tasks)) {
      const [first] = group
      if (!first) continue
      const failure = first.how === 'chain' ? await this.chain(group) : await this.steps(first)
      if (failure) return failure
    }
    await this.prepared()
    return undefined
  }

  private async prepared(): Promise<void> {
    await this.preparation
    const error = this.preparationError
    if (error === undefined) return
    this.refuseLostConnection(error, undefined)
    throw new ActionError(`Could not keep the ledger: ${errorMessage(error)}.`, {
      advice:
        errorCode(error) === '42501'
          ? 'Let the owner of the database grant create on it to this role, or apply the schema with the owner.'
          : 'Look at the schema neon_setup of the database.',
      title: errorCode(error),
    })
  }

  private async chain(group: Task[]): Promise<SqlFailure | undefined> {
    const { session, options, serverVersion } = this.context
    const links = group.map(({ entry, script, replace, observe }) => {
      return { entry, statements: script.statements, replace, observe }
    })
    const { results, failure } = await runChain(session, links, {
      together: options.policy.transaction === 'all',
      serverVersion,
      relations: this.relations,
      onLink: () => {
        this.done += 1
      },
    })
    for (const [index, { milliseconds, observation }] of results.entries()) {
      Object.assign(group[index]?.result ?? {}, { state: 'applied', milliseconds }, observation)
    }
    if (!failure) return undefined
    await this.prepared()
    const failed = group[failure.link]
    if (!failed || options.policy.transaction === 'all' || !usesNewEnumValue(failed, failure)) {
      return this.chainFailure(group, failure)
    }
    runByStatements(failed)
    const rest = group.slice(failure.link + 1)
    return (await this.steps(failed)) ?? (rest.length > 0 ? this.chain(rest) : undefined)
  }

  private chainFailure(group: Task[], failure: ChainFailure): SqlFailure {
    const { options } = this.context
    const task = group[failure.link]
    if (!task) throw failure.error
    this.refuseLostConnection(failure.error, task)
    if (failure.step === 'open') throw openError(task.file.path, failure.error)
    task.result.state = 'failed'
    const together = options.policy.transaction === 'all'
    const undone =
      together && group.length > 1 ? `All ${group.length} files were rolled back` : 'The file was rolled back'
    return describeFailure({
      script: task.script,
      statement: failure.statement,
      atEnd: failure.step === 'close',
      error: failure.step === 'close' && isGuard(failure.error) ? endedTransaction() : failure.error,
      consequence: `${undone}; ${stays(this.countApplied())}.`,
      showDetail: options.policy.showDetail,
      cover: this.runtime.secrets.cover,
    })
  }

  private async steps(task: Task): Promise<SqlFailure | undefined> {
    const { session, options } = this.context
    await this.prepared()
    const total = task.entry.statements
    const { milliseconds, done, failure, leftInvalid } = await runSteps(session, task, {
      onStatement: (index) => {
        this.doing = `, statement ${index + 1} of ${total}`
      },
    })
    this.doing = ''
    Object.assign(task.result, { milliseconds })
    if (!failure) {
      task.result.state = 'applied'
      this.done += 1
      await this.keepLock(task)
      return undefined
    }
    this.refuseLostConnection(failure.error, task)
    task.result.state = done > 0 ? 'partial' : 'failed'
    const own =
      done > 0
        ? `Statements 1 to ${done} of ${total} of the file stay applied, and the next run goes on at statement ${done + 1}`
        : 'Nothing of the file is applied'
    // Where statements are in already, the next run goes on at this one all the same.
    const left =
      leftInvalid && done === 0
        ? `, but the invalid index ${leftInvalid}, which the next run drops before it builds it anew`
        : ''
    return describeFailure({
      script: task.script,
      statement: failure.statement,
      atEnd: false,
      error: failure.error,
      consequence: `${own}${left}; ${stays(this.countApplied())}.`,
      showDetail: options.policy.showDetail,
      cover: this.runtime.secrets.cover,
    })
  }

  /** DISCARD ALL gives every lock of the session back. Taking one that is held is no harm: all go with the connection. */
  private async keepLock(task: Task): Promise<void> {
    if (isLocked(await this.context.session.send(TRY_LOCK))) return
    throw new ActionError(`Another run took the ledger's lock, which ${task.file.path} had given back.`, {
      advice: 'Run the job again when the other run has ended.',
    })
  }

  private countApplied(): number {
    return this.context.decision.tasks.filter(({ result }) => result.state === 'applied').length
  }

  private refuseLostConnection(error: unknown, task: Task | undefined): void {
    this.runtime.signal.throwIfAborted()
    if (!isServerError(error)) throw connectionLost(error, task?.file.path)
  }
}

/** Neighbours that can be one chain, and every other task alone. */
function groups(tasks: Task[]): Task[][] {
  const found: Task[][] = []
  for (const task of tasks) {
    const last = found.at(-1)
    if (task.how === 'chain' && last?.[0]?.how === 'chain') last.push(task)
    else found.push([task])
  }
  return found
}

function stays(count: number): string {
  if (count === 0) return 'nothing was applied in this run'
  return count === 1 ? 'the 1 file before it stays applied' : `the ${count} files before it stay applied`
}

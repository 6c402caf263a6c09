import { errorCode } from '../../../runtime/errors.ts'
import { placeAt } from '../../sql/text-place.ts'
import type { Task } from '../decision/task.ts'
import type { ChainFailure } from './chain.ts'

// `unsafe use of new value`: https://www.postgresql.org/docs/current/errcodes-appendix.html
const UNSAFE_NEW_ENUM_VALUE = '55P04'

const ADDS_VALUE = /\badd\s+value\b/i

/**
 * Whether a file failed because it uses an enum value that an earlier statement of its transaction added. The text tells
 * that only where both are written alike; `('do' || 'ne')::state`, `E'done'` and a function that says it are seen by the
 * server alone.
 */
export function usesNewEnumValue(task: Task, { step, statement, error }: ChainFailure): boolean {
  if (step === 'open' || errorCode(error) !== UNSAFE_NEW_ENUM_VALUE) return false
  return task.script.statements.slice(0, statement).some(({ text }) => ADDS_VALUE.test(text))
}

/** Makes a file, of which nothing is in, run statement by statement, so that each value is committed before it is used. */
export function runByStatements(task: Task): void {
  const adding = task.script.statements.filter(({ text }) => ADDS_VALUE.test(text))
  const [first] = adding
  task.traits.nonTransactional.push(...task.traits.addedEnumValues.map(({ statement }) => statement))
  task.how = 'steps'
  task.observe = false
  task.result.transactional = false
  if (!first) return
  const { line } = placeAt(task.script.file.text, first.start)
  task.result.notes.push(
    `runs outside a transaction, statement by statement, because the enum value of line ${line} is used further on`,
  )
}

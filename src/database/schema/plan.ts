import type { SchemaResult } from '../../model.ts'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { decide } from './decision/decide.ts'
import { warn } from './decision/refuse.ts'
import type { Session } from './execution/session.ts'
import { type LedgerReading, readLedger, rowsOf, SELECT_LEDGER } from './ledger/ledger.ts'
import type { ApplyOptions } from './policy.ts'
import { summarize } from './result.ts'
import { sessionSettings, withSession } from './with-session.ts'

/**
 * Tells what {@link applySchema} would do, and sends nothing but reads, on a connection that refuses writes: files that
 * are pending, edited, out of order, missing or ignored, with notes on destructive and non-transactional statements.
 * Throws an `ActionError` for a file that cannot be sent or a ledger that may not be read, else the driver's error.
 */
export function planSchema(runtime: Runtime, options: ApplyOptions): Promise<SchemaResult> {
  const started = runtime.clock.now()
  const settings = { ...sessionSettings(options), default_transaction_read_only: 'on' }
  return withSession(runtime, { options, settings }, async (session) => {
    const decision = decide(rowsOf(await look(session)), options)
    const warnings = warn(runtime, decision, options)
    for (const { file, action } of decision.edited) {
      if (action === 'reset')
        warnings.push(`${file.path} was edited: a run would reset the branch and replay all files.`)
      if (action === 'fail') warnings.push(`${file.path} was edited after it was applied: a run would fail.`)
    }
    for (const { path, state, notes } of decision.results) {
      if (state !== 'unchanged') runtime.log.info([`${state} ${path}`, ...notes].join(': '))
    }
    for (const { path } of decision.undecided) {
      warnings.push(`${path} is a file of the base, and changed: a run would reset the branch and replay all files.`)
    }
    if (decision.gone.length > 0 && options.policy.onEdit !== 'accept') {
      const names = decision.gone.map(({ name }) => name).join(', ')
      const end = options.policy.onEdit === 'fail' ? 'fail' : 'reset the branch and replay all files'
      warnings.push(`Applied, and no file any more: ${names}. A run would ${end}.`)
    }
    return summarize(runtime, { decision, options, started, warnings })
  })
}

/** By a plain SELECT, as nothing but reads may be sent. */
async function look(session: Session): Promise<LedgerReading> {
  try {
    return readLedger(await session.send(SELECT_LEDGER))
  } catch (error) {
    if (errorCode(error) === '42P01') return {}
    if (errorCode(error) === '42501') return { denied: errorMessage(error) }
    throw error
  }
}

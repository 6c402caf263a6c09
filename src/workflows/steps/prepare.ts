import type { Run } from '../../run.ts'
import { deliverCredentials } from './credentials.ts'
import { readyTarget } from './ready.ts'
import { applyAndInspect, type Step } from './schema.ts'
import { isExternal, type Target } from './target.ts'

/**
 * Makes a database ready for use: applies the schema, looks at the tables, makes roles and writes the Secret. A branch of
 * Neon has answered already (see targetOf), a connection string is waited for here. Throws an ActionError at the first of
 * these that fails; the report then holds what is known.
 */
export async function prepareDatabase(run: Run, target: Target, step: Step): Promise<void> {
  if (isExternal(target)) await readyTarget(run, target)
  await deliverCredentials(run, await applyAndInspect(run, target, step))
}

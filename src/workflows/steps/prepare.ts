import { waitUntilReady } from '../../database/ready.ts'
import { phase, type Run } from '../../run.ts'
import { deliverCredentials } from './credentials.ts'
import { applyAndInspect, type Step } from './schema.ts'
import type { Target } from './target.ts'

/**
 * Makes a database ready for use: waits for its first answer, applies the schema, looks at the tables, makes roles and
 * writes the Secret. Throws an ActionError at the first of these that fails; the report then holds what is known.
 */
export async function prepareDatabase(run: Run, target: Target, step: Step): Promise<void> {
  const waited = await phase(run, 'Ready', () => waitUntilReady(run.runtime, target))
  if (run.report.branch) run.report.branch.readyMilliseconds = waited
  await deliverCredentials(run, await applyAndInspect(run, target, step))
}

import type { MaskingRule } from '@neondatabase/api-client'
import { seconds } from '../runtime/clock.ts'
import { ActionError } from '../runtime/errors.ts'
import { backoff } from '../runtime/retry.ts'
import { assertOfBranch } from './branch-guard.ts'
import { type Branch, orAbsent } from './branch-lookup.ts'
import type { Neon } from './client.ts'

export type { MaskingRule }

const REQUIRED = ['database_name', 'schema_name', 'table_name', 'column_name'] as const
const EITHER = ['masking_function', 'masking_value'] as const
const LONGEST_WAIT = 1_800_000
// About half a minute, as long as Neon's own tests look for a branch that was just made.
const FRESH_LOOKS = 8

/**
 * Reads the input `masking_rules`: a JSON array of objects with `database_name`, `schema_name`, `table_name`,
 * `column_name` and `masking_function` or `masking_value` (`MaskingRule` of the API description).
 * Throws {@link ActionError} that names the first wrong rule.
 */
export function parseMaskingRules(text: string): MaskingRule[] {
  const wrong = (cause: string) =>
    new ActionError(`Input masking_rules cannot be used: ${cause}.`, {
      advice: `Give a JSON array of objects with ${REQUIRED.join(', ')} and ${EITHER.join(' or ')}.`,
    })
  const parsed = tryJson(text)
  if (!Array.isArray(parsed)) throw wrong('it is no JSON array')
  if (parsed.length === 0) throw wrong('the array is empty, so nothing would be masked')
  return parsed.map((rule: unknown, index) => {
    const fields =
      typeof rule === 'object' && rule !== null ? new Map<string, unknown>(Object.entries(rule)) : undefined
    if (!fields) throw wrong(`rule ${index + 1} is no object`)
    const missing = REQUIRED.filter((name) => typeof fields.get(name) !== 'string' || fields.get(name) === '')
    if (missing.length > 0) throw wrong(`rule ${index + 1} lacks ${missing.join(', ')}`)
    const how = EITHER.filter((name) => typeof fields.get(name) === 'string')
    if (how.length !== 1) throw wrong(`rule ${index + 1} needs exactly one of ${EITHER.join(' and ')}`)
    return Object.fromEntries([...REQUIRED, ...how].map((name) => [name, fields.get(name)])) as unknown as MaskingRule
  })
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Waits until the data of a branch is masked (`getAnonymizedBranchStatus`), starting the masking where a lost run left it
 * undone. Throws {@link ActionError} when the branch is not an anonymised one, so that nobody is handed real data in its
 * place, or when the masking failed.
 */
export async function waitUntilAnonymized(neon: Neon, branch: Branch): Promise<void> {
  const { clock, signal, log } = neon.runtime
  const started = clock.now()
  for (let poll = 1; ; poll += 1) {
    const status = await readStatus(neon, branch)
    if (status.state === 'anonymized') return
    if (/error/.test(status.state)) {
      throw new ActionError(
        `Masking the data of the branch ${branch.name} ended as ${status.state}: ${status.status_message || 'no reason given'}.`,
        { advice: 'Correct masking_rules, delete the branch and run the job again.' },
      )
    }
    const waited = clock.now() - started
    if (waited > LONGEST_WAIT) {
      throw new ActionError(`Masking the data of the branch ${branch.name} was not done after ${seconds(waited)}.`, {
        advice: 'Look at the branch in the Neon console, then run the job again.',
      })
    }
    log.progress(`Waiting for Neon to mask the data of ${branch.name}: ${status.state} (${seconds(waited)})`)
    if (status.state === 'initialized' && poll === 1 && !branch.created) await start(neon, branch)
    await clock.sleep(backoff(poll, 500, 5000), signal)
  }
}

/** The status; of a branch that this run made, a 404 may pass, so that it is asked again before it is believed. */
async function readStatus(neon: Neon, { projectId, id, name, created }: Branch) {
  const { clock, signal } = neon.runtime
  for (let look = 1; look <= (created ? FRESH_LOOKS : 1); look += 1) {
    if (look > 1) await clock.sleep(backoff(look, 500, 5000), signal)
    const status = await orAbsent(
      neon.read('getAnonymizedBranchStatus', (api, params) => api.getAnonymizedBranchStatus(projectId, id, params)),
    )
    // The status of another branch would hand out this one's data as it is.
    if (status) assertOfBranch({ what: 'masking', branchId: status.branch_id }, { id, name })
    if (status) return status
  }
  throw new ActionError(`The branch ${name} exists, but its data is not masked.`, {
    advice: 'Delete the branch, or choose another branch_name; masking_rules apply only when a branch is made.',
  })
}

async function start(neon: Neon, branch: Branch): Promise<void> {
  const { projectId, id } = branch
  await neon.write('startAnonymization', (api, params) => api.startAnonymization(projectId, id, params), {
    repeatable: true,
    async readBack() {
      const status = await readStatus(neon, branch)
      return status.state === 'initialized' ? undefined : status
    },
  })
}

import type { Runtime } from '../runtime/runtime.ts'
import { wrongBranch } from '../runtime/wrong-branch.ts'
import { tryDatabase } from './ask-database.ts'
import type { ConnectOptions } from './connect.ts'
import { waitUntilReady } from './ready.ts'

/**
 * That a database is on the branch it should be on, asked of the database itself. Neon's computes carry their branch in a
 * setting (compute_tools/src/config.rs of neondatabase/neon writes `neon.project_id`, `neon.branch_id`, `neon.endpoint_id`
 * into postgresql.conf since 2025, and pgxn/neon/libpagestore.c lets every role read them and nobody change them). Where it
 * is not set, as on any other Postgres, nothing can be told, and nothing is refused.
 */
const QUESTION = "select pg_catalog.current_setting('neon.branch_id', true) as branch_id"

/** The branch that a login must be on. */
export interface ExpectedBranch {
  id: string
  name: string
}

/**
 * {@link waitUntilReady}, with the question in the message that it sends anyway. Throws what that throws, and an
 * {@link ActionError} when the database is on another branch; no statement but the question was sent then.
 */
export async function waitUntilReadyOn(
  runtime: Runtime,
  options: ConnectOptions,
  branch: ExpectedBranch,
): Promise<number> {
  let answer: unknown
  const waited = await waitUntilReady(runtime, { ...options, first: QUESTION }, async ({ first }) => {
    answer = await first
  })
  assertAnswer(answer, branch)
  return waited
}

/** Logs in, with little patience, and asks. Throws the driver's error, and {@link ActionError} as above. */
export async function assertOnBranch(runtime: Runtime, options: ConnectOptions, branch: ExpectedBranch): Promise<void> {
  const answer = await tryDatabase(runtime, { ...options, first: QUESTION }, ({ first }) => first)
  assertAnswer(answer, branch)
}

function assertAnswer(answer: unknown, { id, name }: ExpectedBranch): void {
  const [row] = answer as { branch_id: string | null }[]
  const there = row?.branch_id ?? ''
  if (there === '' || there === id) return
  throw wrongBranch(name, `its id is ${id}, and the database that Neon leads to is on ${there}`)
}

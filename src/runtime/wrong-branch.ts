import { ActionError } from './errors.ts'

const ADVICE =
  "Run the job again; if it ends the same way, look at the branch in the Neon console and tell Neon's support."

/** Outputs that tell of a branch, taken back: nobody shall go on with one that was refused. */
export const NO_BRANCH_OUTPUTS = { branch_id: '', branch_name: '', created: '', expires_at: '' }

/**
 * The error for an answer that is about another branch than the one that was asked for, whoever gave it: Neon's API or the
 * database itself.
 * @param cause which two ids differ, without a full stop.
 */
export function wrongBranch(name: string, cause: string): ActionError {
  return new ActionError(`Refused to use the branch ${name}: ${cause}.`, {
    advice: ADVICE,
    title: 'Wrong branch',
    outputs: NO_BRANCH_OUTPUTS,
  })
}

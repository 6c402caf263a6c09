/** What a server says about an error, as far as the next step depends on it. */
interface ServerError {
  code?: string
  message?: string
  severity?: string
}

const ALONE =
  'If it must not be in a transaction (a procedure that commits, REINDEX or CLUSTER of a partitioned table), put the comment -- neon: no-transaction into the file.'
const FIRST =
  'Make SET TRANSACTION ISOLATION LEVEL the first statement of the file, or give the file a BEGIN and COMMIT of its own.'
const OWNERS =
  'A dump names the owners and rights of its own server: make it with pg_dump --no-owner --no-privileges, or create the role first.'
const PLACEHOLDER =
  'This looks like a placeholder that another tool replaces: let that tool run its files, with the input migrate_command, or write the value itself.'

/** Steps by SQLSTATE and by what the message says, where the server's own hint is missing. */
const STEPS: { code: string; message?: RegExp; at?: RegExp; step: string }[] = [
  {
    code: '55P03',
    step: 'Another session held a lock on the table for longer than lock_timeout: raise that input, or run when the table is less busy.',
  },
  { code: '57014', step: 'If the statement needs more time than statement_timeout, raise that input.' },
  {
    code: '55P04',
    step: 'A new enum value can be used only after a commit: use it in a later file, with transaction file.',
  },
  { code: '2D000', message: /invalid transaction termination/, step: ALONE },
  { code: '25001', message: /cannot (?:run inside a transaction block|be executed from)/, step: ALONE },
  { code: '25001', message: /must be called before any query/, step: FIRST },
  { code: '42704', message: /^role ".*" does not exist$/s, step: OWNERS },
  {
    code: '42501',
    message: /(?:must be (?:able to SET ROLE|member of role|owner of)|permission denied to set role)/,
    step: OWNERS,
  },
  // As Flyway, Go's templates, psql and graphile-migrate, Liquibase, ERB, yoyo and others write them.
  { code: '42601', at: /^(?:\$?\{|:'?"?[A-Za-z_]|<%|%\(|%%|#\{|@[A-Za-z_]\w*@)/, step: PLACEHOLDER },
  {
    code: '42601',
    at: /^\/\s*(?:[\r\n]|$)/,
    step: 'A line with only / ends a statement for another tool: let that tool run its files, with the input migrate_command, or write ; instead.',
  },
]

/**
 * What to do about an error for which the server gives no hint, or undefined.
 * @param at the text of the statement from the place of the error on, empty where the server gives no place
 */
export function nextStep({ code, message = '', severity }: ServerError, at: string): string | undefined {
  return STEPS.find((step) => {
    // What we found ourselves about transactions has the same SQLSTATEs, and says itself what to do.
    if (step.code !== code || (step.message && severity === undefined)) return false
    return (step.message?.test(message) ?? true) && (step.at?.test(at) ?? true)
  })?.step
}

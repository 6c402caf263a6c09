import { readConnectionUrl } from '../database/connection-url.ts'
import { encryptionsOf } from '../database/tls.ts'
import { parseLife, parseMoment } from '../neon/index.ts'
import { errorMessage } from '../runtime/errors.ts'
import { quoted } from '../runtime/shown.ts'
import type { Config } from './config.ts'
import { besidesDelete } from './neon-names.ts'
import { NEVER_EMPTY, type Reader } from './reader.ts'

// Neon's own tools take such a word for an id, and so would look for a branch that does not exist.
const LOOKS_LIKE_ID = /^br-[a-z]+-[a-z]+-[a-z0-9]+$/

/** Checks inputs against each other and records every contradiction with the reader. */
export function checkTogether(config: Config, reader: Reader): void {
  checkPattern(config.sweep.pattern, reader)
  checkEmptyNames(reader)
  checkNamedBranch(config, reader)
  checkTarget(config, reader)
  checkBranchName(config.neon.branchName, reader)
  checkUrls(config, reader)
  const { neon, compare, schema } = config
  checkForm(neon.expiresIn, parseLife, reader)
  checkForm(neon.expiresAt, parseMoment, reader)
  if (neon.minCu !== null && neon.maxCu !== null && neon.minCu > neon.maxCu) {
    reader.problem(`Inputs min_cu ${neon.minCu} and max_cu ${neon.maxCu}: the smallest size is above the largest.`)
  }
  if (neon.expiresIn !== '' && neon.expiresAt !== '') {
    reader.problem(
      `Inputs expires_in ${quoted(neon.expiresIn)} and expires_at ${quoted(neon.expiresAt)}: give one of them.`,
    )
  }
  if (compare.timestamp !== '' && compare.lsn !== '') {
    reader.problem(`Inputs timestamp ${quoted(compare.timestamp)} and lsn ${quoted(compare.lsn)}: give one of them.`)
  }
  if (config.mode === 'diff' && compare.compareBranch === '') {
    reader.problem('Input compare_branch is missing: mode diff needs the branch whose schema is compared.')
  }
  if (schema.baseline !== '' && schema.migrateCommand !== '') {
    reader.problem(
      'Inputs baseline and migrate_command are both given: baseline is about SQL files of the input schema; your own tool has a baseline of its own.',
    )
  }
  if (schema.entries !== null && schema.entries.length > 0 && schema.migrateCommand !== '') {
    reader.problem('Inputs schema and migrate_command are both given: give one of them.')
  }
}

/**
 * By the parser that the branch is made with; a project must not be made first for a life that cannot be read. Whether a
 * moment has passed is judged by the modes that set an expiry: a cleanup often comes after it, and must not fail then.
 */
function checkForm(text: string, parse: (text: string) => unknown, reader: Reader): void {
  try {
    if (text !== '') parse(text)
  } catch (error) {
    reader.problem(errorMessage(error))
  }
}

/** The one `*` is what tells the Git branch; a pattern that names everything would take branches nobody thought of. */
function checkPattern(pattern: string, reader: Reader): void {
  const [before = '', after, ...more] = pattern.split('*')
  if (pattern === '' || (before.trim() !== '' && after !== undefined && more.length === 0)) return
  reader.problem(
    `Input sweep_pattern is ${quoted(pattern)}: it must have some text and then one '*' for the Git branch, such as 'preview/*'.`,
  )
}

/** An empty name is a name that went missing on the way, for example the output of a step that failed before this one. */
function checkEmptyNames(reader: Reader): void {
  for (const name of NEVER_EMPTY) {
    if (reader.given.includes(name) && reader.text(name) === '') {
      reader.problem(
        `Input ${name} is given, but empty: the expression behind it gave nothing. Correct it, skip this step when there is no name (if: …), or leave the input out.`,
      )
    }
  }
}

/**
 * In mode auto, `branch` alone means delete, as in Neon's delete action. Beside anything that this action does not take, the
 * user may have meant something else, and a delete cannot be undone.
 */
function checkNamedBranch(config: Config, reader: Reader): void {
  const { neon, compare } = config
  if (config.mode !== 'auto' || neon.branch === '' || neon.parent || compare.compareBranch !== '') return
  const others = besidesDelete(reader.given)
  if (others.length === 0) return
  reader.problem(
    `Input branch ${quoted(neon.branch)} in mode auto means delete, but ${others.join(', ')} ${others.length === 1 ? 'is' : 'are'} given too. Write what is meant: mode: cleanup deletes the branch, mode: reset puts it back to its parent, mode: rotate gives it a new password; branch_name names a branch to work on.`,
  )
}

function checkTarget(config: Config, reader: Reader): void {
  const { neon } = config
  const neonOnly = ['cleanup', 'sweep', 'reset', 'rotate', 'diff'] as const
  if (config.connectionString !== '') {
    if (neonOnly.some((mode) => mode === config.mode)) {
      reader.problem(
        `Inputs connection_string and mode '${config.mode}': this mode needs Neon; leave connection_string out.`,
      )
    }
    if (neon.projectId !== '' || neon.projectName !== '') {
      reader.problem(
        'Inputs connection_string and project_id or project_name: give a database or a Neon project, not both.',
      )
    }
    return
  }
  if (neon.apiKey === '') {
    reader.problem(
      'Input api_key is missing or empty: create a key in the Neon console (Account settings, API keys), store it as the secret NEON_API_KEY and pass that secret.',
    )
  }
  if (neon.projectId === '' && neon.projectName === '') {
    reader.problem(
      'Inputs project_id and project_name are missing: give the id of a Neon project, or a name to find or create it by.',
    )
  }
  if (neon.projectId !== '' && !/^[a-z0-9-]{1,60}$/.test(neon.projectId)) {
    reader.problem(
      `Input project_id is ${quoted(neon.projectId)}: an id has small letters, digits and dashes, such as 'lucky-sun-12345678'.`,
    )
  }
}

function checkBranchName(name: string, reader: Reader): void {
  if (LOOKS_LIKE_ID.test(name)) {
    reader.problem(
      `Input branch_name is ${quoted(name)}: that looks like a branch id, and Neon's tools would take it for one. Choose another name.`,
    )
  }
}

function checkUrls(config: Config, reader: Reader): void {
  const { connectionString } = config
  if (connectionString !== '') checkConnectionString(connectionString, reader)
}

/** By the parser that the database is connected with. The text holds a password, so no message repeats it. */
function checkConnectionString(text: string, reader: Reader): void {
  const { url, problems } = readConnectionUrl(text)
  for (const problem of problems) reader.problem(`Input connection_string ${problem}`)
  try {
    if (url) encryptionsOf(url)
  } catch (error) {
    reader.problem(`Input connection_string: ${errorMessage(error)}`)
  }
}

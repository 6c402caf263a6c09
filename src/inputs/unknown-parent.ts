import { INPUT_DEFAULTS } from './defaults.ts'

const KNOWN = Object.keys(INPUT_DEFAULTS).map((name) => `INPUT_${name.toUpperCase()}`)

/**
 * A notice for each input that begins like `parent` and is none of action.yml's, such as `parent_id`: the runner hands it on, and
 * only lists all names that there are.
 */
export function unknownParents(env: NodeJS.ProcessEnv): string[] {
  const names = Object.keys(env).filter((name) => /^INPUT_PARENT/.test(name) && !KNOWN.includes(name))
  return names.map((name) => {
    const input = name.replace('INPUT_', '').toLowerCase()
    return `Input ${input} is none of this action and is not read: the branch to begin from is parent_branch (a name, an id, or one of both with @timestamp or @lsn); parent, 'true' or 'false', is whether to reset.`
  })
}

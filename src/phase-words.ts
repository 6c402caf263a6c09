import type { Run } from './run.ts'

/** What a phase says it is about to do. */
type Words = string | ((run: Run) => string)

const branchOf = ({ plan, report }: Run) => {
  const name = report.branch?.name || plan.branchName
  return name === '' ? 'the default branch' : `the branch ${name}`
}
const cluster = ({ plan }: Run) =>
  plan.mode === 'cleanup' ? 'Taking away what is in the cluster.' : 'Writing the credentials to the cluster.'

const WORDS: Readonly<Record<string, Words>> = {
  'Neon project': ({ config: { neon } }) => `Looking for the Neon project ${neon.projectId || neon.projectName}.`,
  Branch: (run) => `Looking for ${branchOf(run)}.`,
  Branches: 'Listing the branches of the project.',
  Connection: (run) => `Asking for the way into ${branchOf(run)}.`,
  Ready: ({ report }) => `Waiting for the first answer of the database ${report.database?.name ?? ''}.`,
  Reset: (run) => `Putting ${branchOf(run)} back to its parent.`,
  'Fresh data': (run) => `Putting ${branchOf(run)} back to its parent.`,
  Before: 'Looking at the tables as they were before the files.',
  'Before again': 'Looking at the tables as they are after the reset.',
  Schema: 'Applying what the database does not have yet.',
  'Schema again': 'Applying everything anew.',
  Plan: 'Looking for what would be applied.',
  Tables: 'Looking at the tables, and for what has changed.',
  Compare: 'Reading the schemas of both branches.',
  Roles: 'Making the roles and their rights.',
  'Whose Secret': 'Looking whose Secret is in the cluster.',
  Kubernetes: cluster,
  'New password': 'Asking Neon for a new password.',
  'Log in with it': 'Logging in with the new password.',
  'Pull requests': 'Asking GitHub which pull requests are closed.',
  GitHub: 'Asking GitHub what is closed or gone.',
  Delete: 'Deleting the branches that nobody needs any more.',
  'Would delete': 'Looking for the branches that nobody needs any more.',
}

/** The first line of a phase's group in the log, so that a run that stands still says at what; empty for one that tells it itself. */
export function phaseWords(run: Run, name: string): string {
  const words = WORDS[name]
  return typeof words === 'function' ? words(run) : (words ?? '')
}

import postgres from 'postgres'
import type { RunResult } from '../runner/index.ts'
import { PULL_REQUEST, type Stage, TOKEN } from './stage.ts'

// Outputs that hold credentials by their documentation.
const SECRET_OUTPUTS = ['db_url', 'db_url_pooled', 'db_url_with_pooler', 'password', 'role_urls']

/** What must hold after every run: its end as the story wants it, no secret where none belongs, nothing left, the sandbox free of mistakes. */
export function checkEach(result: RunResult, stage: Stage, conclusion: RunResult['conclusion']): string[] {
  const { password, db_url, db_url_pooled } = result.outputs
  const given = [password, db_url, db_url_pooled].flatMap((value) => value || [])
  const secrets = [stage.neon.organizationApiKey, TOKEN, ...given]
  const leaks = result.leaks(secrets, SECRET_OUTPUTS).map(({ where }) => `a secret is readable in ${where}`)
  const told = stage.github.journal.filter(({ body }) => secrets.some((secret) => body.includes(secret)))
  return [
    ...same('conclusion', result.conclusion, conclusion),
    ...same('undeclared outputs', result.unknownOutputs, []),
    ...same('files left', result.leftFiles, []),
    ...same('processes left', result.orphans, []),
    ...same('mistakes of the sandbox', stage.neon.violations, []),
    ...leaks,
    ...same('secrets told to GitHub', told.length, 0),
  ]
}

/** Logs in with the URL that the run gave out, as the next step of a workflow would. */
export async function rows(result: RunResult, query: string, wanted: number): Promise<string[]> {
  const sql = postgres(result.outputs.db_url ?? '', { max: 1, ssl: { rejectUnauthorized: false }, onnotice: () => {} })
  try {
    const [row] = await sql.unsafe<{ rows: number }[]>(query)
    return same(`"${query}"`, row?.rows, wanted)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** The Secret in the cluster holds this URL, or is not there when none is wanted. */
export async function secret(stage: Stage, namespace: string, url: string | undefined): Promise<string[]> {
  const path = `/api/v1/namespaces/${namespace}/secrets/postgres-credentials`
  const { status, body } = await stage.kubernetes.request('GET', path)
  if (url === undefined) return same(`the Secret in ${namespace}`, status, 404)
  const held = Buffer.from(String(body?.data?.DATABASE_URL ?? ''), 'base64').toString('utf8')
  return same(`the Secret in ${namespace} holds db_url`, held === url, true)
}

/** The run's outputs have these values. */
export function outputs(result: RunResult, wanted: Record<string, string>): string[] {
  return Object.entries(wanted).flatMap(([name, value]) => same(`output ${name}`, result.outputs[name], value))
}

/** The pull request has so many comments, and the first one says this. */
export function comments(stage: Stage, count: number, text: string): string[] {
  const bodies = stage.github.comments(PULL_REQUEST).map(({ body }) => body)
  return [
    ...same('comments', bodies.length, count),
    ...same(`the comment names ${text}`, bodies[0]?.includes(text), true),
  ]
}

/** The tables that the run reports, sorted. */
export function tables(result: RunResult): string[] {
  const { tables: found = [] } = JSON.parse(result.outputs.tables || '{}') as { tables?: { name: string }[] }
  return names(found).sort()
}

/** The branches of the story's project, sorted. */
export function branches(stage: Stage): string[] {
  const [project] = stage.neon.projects()
  return project ? names(stage.neon.branches(project.id)).sort() : []
}

/** The names of things that have one. */
export function names(list: readonly { name: string }[]): string[] {
  return list.map(({ name }) => name)
}

/** A sentence when two values differ. */
export function same(what: string, found: unknown, wanted: unknown): string[] {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)]
  return left === right ? [] : [`${what}: ${left}, expected ${right}`]
}

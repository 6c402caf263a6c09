import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { parse } from 'yaml'
import { buildEvent } from '../../../sandbox/runner/index.ts'
import { KUBECONFIG, WRONG_INPUTS } from '../wrong-inputs.ts'
import { oddText, oddValue, PROTOTYPE_NAMES } from './odd-texts.ts'

/** Secrets that a case may hold; none of them may be in what is told. */
export const FUZZ_SECRETS = {
  apiKey: 'napi_fuzz_canary_0001_x7',
  password: "fuzz'canary%0002 ü",
  githubToken: 'ghs_fuzz_canary_0003_x7',
  token: 'kube-fuzz-canary-0004-x7',
}

/** One run to be judged: what stands under `with:`, and what the runner says of the event. */
export interface InputCase {
  values: Record<string, string>
  /** Those of the inputs that are wrong by themselves, with what the error has to say of each. */
  planted: [input: string, said: string][]
  env: Record<string, string>
  /** The text of the event's file. */
  payload: string
}

const action = parse(readFileSync('action.yml', 'utf8')) as { inputs: Record<string, unknown> }
const INPUTS = Object.keys(action.inputs)
const SECRET_INPUTS = ['api_key', 'connection_string', 'github_token', 'github-token', 'password', 'kubeconfig']
// They stand in for another input, so that a wrong one of that would not be looked at.
const ALIASES = ['username', 'cs_role_name', 'cs_database', 'cs_ssl', 'cs_prisma', 'compare_to']
const PLAIN_INPUTS = INPUTS.filter((name) => !SECRET_INPUTS.includes(name))

const kubeconfigText = KUBECONFIG.replace('kubeconfig-secret-token-1', FUZZ_SECRETS.token)

/** A part of a structure in place of which something else stands. */
function damaged(whole: unknown): fc.Arbitrary<unknown> {
  const paths = pathsOf(whole)
  const change = fc.record({
    path: fc.constantFrom(...paths),
    kind: fc.constantFrom('drop', 'put', 'add'),
    key: fc.constantFrom(...PROTOTYPE_NAMES, 'x'),
    value: oddValue,
  })
  return fc.array(change, { maxLength: 4 }).map((changes) => {
    const copy = structuredClone(whole)
    for (const { path, kind, key, value: shared } of changes) {
      const value = structuredClone(shared)
      const holder = path.slice(0, -1).reduce<unknown>((at, name) => (isHolder(at) ? at[name] : undefined), copy)
      const name = path.at(-1) ?? ''
      if (!isHolder(holder)) continue
      if (kind === 'drop') delete holder[name]
      else
        Object.defineProperty(holder, kind === 'put' ? name : key, {
          value,
          enumerable: true,
          configurable: true,
          writable: true,
        })
    }
    return copy
  })
}

function isHolder(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function pathsOf(value: unknown, before: string[] = []): string[][] {
  if (!isHolder(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => [[...before, key], ...pathsOf(inner, [...before, key])])
}

const EVENTS = (
  [
    { name: 'push' },
    { name: 'push', branch: 'feature/x' },
    ...['opened', 'synchronize', 'closed', 'labeled'].map((action) => ({ name: 'pull_request', action, number: 7 })),
    { name: 'pull_request', action: 'opened', number: 8, fork: true },
    { name: 'pull_request_target', action: 'opened', number: 8 },
    { name: 'schedule' },
    { name: 'workflow_dispatch' },
    { name: 'delete', branch: 'feature/x' },
    { name: 'merge_group' },
    { name: 'release', action: 'published' },
  ] as unknown as Parameters<typeof buildEvent>[0][]
).map((settings) =>
  buildEvent(settings, {
    fullName: 'octo/demo',
    id: 700_000_001,
    defaultBranch: 'main',
    private: false,
    serverUrl: 'https://github.com',
  }),
)

const event = fc.constantFrom(...EVENTS).chain((sound) => {
  const env = {
    GITHUB_EVENT_NAME: sound.name,
    GITHUB_REF: sound.ref,
    GITHUB_SHA: sound.sha,
    GITHUB_ACTOR: sound.actor,
    GITHUB_REPOSITORY: 'octo/demo',
    GITHUB_REPOSITORY_ID: '700000001',
  }
  const variables = fc.dictionary(fc.constantFrom(...Object.keys(env)), oddText, { maxKeys: 2 }).map(withoutNul)
  return fc.record({
    env: fc
      .oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: variables })
      .map((odd) => ({ ...env, ...odd })),
    payload: fc.oneof(
      { weight: 2, arbitrary: fc.constant(JSON.stringify(sound.payload)) },
      { weight: 8, arbitrary: damaged(sound.payload).map((value) => JSON.stringify(value)) },
      { weight: 1, arbitrary: oddValue.map((value) => JSON.stringify(value)) },
      { weight: 1, arbitrary: oddText },
    ),
  })
})

/** The runner cannot hand a NUL on: the environment of a process has none. */
function withoutNul(values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value.replaceAll('\0', '').toWellFormed()]),
  )
}

const secretKeys = fc
  .array(
    fc.tuple(
      fc.constantFrom(...PROTOTYPE_NAMES, 'DATABASE_URL', 'PGHOST', 'a'),
      fc.constantFrom('', '=', '={db_url}', '={constructor}', '={role.x.toString}', '={x}'),
    ),
    { maxLength: 5 },
  )
  .map((lines) => lines.map((parts) => parts.join('')).join('\n'))
const pairs = fc
  .array(fc.tuple(fc.constantFrom(...PROTOTYPE_NAMES, 'team', 'a.b/c', ''), fc.constantFrom('=', ':', ''), oddText), {
    maxLength: 5,
  })
  .map((lines) => lines.map((parts) => parts.join('')).join('\n'))
const roles = fc
  .array(
    fc.tuple(
      fc.constantFrom(...PROTOTYPE_NAMES, 'api', 'x'),
      fc.constantFrom('', '=', '=readonly', '=readwrite', '=constructor'),
    ),
    { maxLength: 5 },
  )
  .map((entries) => entries.map((parts) => parts.join('')).join(','))
const rule = { database_name: 'd', schema_name: 's', table_name: 't', column_name: 'c', masking_value: 'v' }
const maskingRules = fc.oneof(
  damaged([rule, rule]).map((value) => JSON.stringify(value)),
  oddValue.map((value) => JSON.stringify(value)),
)

/** What fits an input half, so that its own reader and not the first look refuses it. */
const FITTING: Record<string, fc.Arbitrary<string>> = {
  secret_keys: secretKeys,
  secret_labels: pairs,
  roles,
  masking_rules: maskingRules,
}

const addresses = fc
  .tuple(
    fc.constantFrom('postgresql://', 'postgres://', 'http://', '', 'postgresql:'),
    fc.constantFrom('owner', '', '%', 'a%40b', '\ud800'),
    fc.constantFrom('host', '', 'host:0', 'host:99999', '[::1]', '[', 'h,h2', 'ep-x.neon.tech'),
    fc.constantFrom('/db', '', '/', '/%00', '/a/b', `/${'x'.repeat(100)}`),
    fc.constantFrom(
      '',
      '?',
      '?sslmode=require',
      '?constructor=1',
      '?sslmode=a&sslmode=b',
      '?options=%',
      '?__proto__=x',
      '?sslrootcert=/no',
    ),
  )
  .map(([scheme, user, ...rest]) => `${scheme}${user}:${encodeURIComponent(FUZZ_SECRETS.password)}@${rest.join('')}`)

const odd = fc
  .oneof(
    { weight: 2, arbitrary: fc.constant<string[]>([]) },
    { weight: 3, arbitrary: fc.constantFrom(...PLAIN_INPUTS).map((name) => [name]) },
    { weight: 2, arbitrary: fc.uniqueArray(fc.constantFrom(...PLAIN_INPUTS), { maxLength: 6 }) },
  )
  .chain((names) =>
    fc.record(
      Object.fromEntries(names.map((name) => [name, FITTING[name] ? fc.oneof(FITTING[name], oddText) : oddText])),
    ),
  )

const kubeconfig = fc.oneof(
  { weight: 8, arbitrary: fc.constant('') },
  { weight: 2, arbitrary: fc.constant(kubeconfigText) },
  { weight: 3, arbitrary: damaged(parse(kubeconfigText)).map((value) => JSON.stringify(value)) },
  {
    weight: 1,
    arbitrary: damaged(parse(kubeconfigText)).map((value) => Buffer.from(JSON.stringify(value)).toString('base64')),
  },
  { weight: 1, arbitrary: oddText },
)

const secretInputs = fc.record({
  api_key: fc.oneof({ weight: 8, arbitrary: fc.constant(FUZZ_SECRETS.apiKey) }, { weight: 1, arbitrary: oddText }),
  github_token: fc.oneof(
    { weight: 15, arbitrary: fc.constant(FUZZ_SECRETS.githubToken) },
    { weight: 1, arbitrary: oddText },
  ),
  connection_string: fc.oneof(
    { weight: 12, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: addresses },
    { weight: 1, arbitrary: oddText },
  ),
  kubeconfig,
})

const planted = fc.subarray(
  WRONG_INPUTS.filter(([, value]) => !value.includes('hunter2')),
  { maxLength: 6 },
)

/** Runs as nobody sound would write them: most have several faults at once. */
export const inputCase: fc.Arbitrary<InputCase> = fc
  .record({
    odd,
    secretInputs,
    event,
    planted: fc.oneof(
      { weight: 4, arbitrary: fc.constant<typeof WRONG_INPUTS>([]) },
      { weight: 1, arbitrary: planted },
    ),
    project: fc.constantFrom<Record<string, string>>(
      { project_id: 'lucky-sun-12345678', mode: 'provision' },
      { project_name: 'shop', schema: 'db' },
      {},
    ),
  })
  .map(({ odd, secretInputs, event, planted, project }) => {
    const wrong = Object.fromEntries(planted.map(([input, value]) => [input, value]))
    const others =
      planted.length > 0 ? Object.entries(odd).filter(([name]) => !ALIASES.includes(name)) : Object.entries(odd)
    const cluster = planted.length > 0 ? { kubeconfig: kubeconfigText } : {}
    return {
      values: withoutNul({ ...project, ...secretInputs, ...Object.fromEntries(others), ...cluster, ...wrong }),
      planted: planted.map(([input, , said]): [string, string] => [input, said]),
      ...event,
    }
  })

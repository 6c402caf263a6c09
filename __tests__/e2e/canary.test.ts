import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type KubernetesStandIn, startKubernetesStandIn } from '../../sandbox/kubernetes/index.ts'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { parseCommand } from '../../sandbox/runner/commands.ts'
import { findLeaks, type RunResult } from '../../sandbox/runner/index.ts'
import { ODD_PASSWORDS } from '../support/odd-passwords.ts'
import { SECRET_OUTPUTS, startWorld, type World } from '../support/world.ts'

let world: World
let cluster: Cluster
let kubernetes: KubernetesStandIn
beforeAll(async () => {
  ;[world, cluster, kubernetes] = await Promise.all([startWorld(), startCluster(), startKubernetesStandIn()])
  await world.write({ 'kube.yaml': kubeconfig(), 'tell.mjs': TELL, 'login.sh': LOGIN })
  world.github.openPull({ number: 1 })
})
beforeEach(() => {
  world.neon.faults.clear()
  kubernetes.faults.clear()
})
afterAll(() => Promise.all([world.close(), cluster.stop(), kubernetes.close()]))

// The kubeconfig's other user, whose login no request ever carries.
const OTHER_TOKEN = 'canary-other-users-token-0001'
const KEY = [
  '-----BEGIN PRIVATE KEY-----',
  'Q2FuYXJ5S2V5TGluZU9uZU9mVGhlQ2VydGlmaWNhdGU',
  'Q2FuYXJ5S2V5TGluZVR3b09mVGhlQ2VydGlmaWNhdGU',
  '-----END PRIVATE KEY-----',
].join('\n')
const KEY_DATA = Buffer.from(KEY).toString('base64')
const FRESH_TOKEN = 'canary-token-of-the-login-program-0001'

const kubeconfig = () =>
  kubernetes.kubeconfig
    .replace('users:\n', `users:\n  - { name: other, user: { token: ${OTHER_TOKEN}, client-key-data: ${KEY_DATA} } }\n`)
    .replace('contexts:\n', 'contexts:\n  - { name: other, context: { cluster: sandbox, user: other } }\n')
const adminToken = () => /name: admin, user: \{ token: ([^ ]+)/.exec(kubernetes.kubeconfig)?.[1] ?? ''

/** What an attacker would have the runner do; a run that obeys shows it in outputs, masks, annotations or groups. */
const COMMANDS = [
  '::stop-commands::canary-stop',
  '::add-mask::canary-mask',
  '::set-output name=canary::forged',
  '::error file=canary.sql::canary-forged',
  '::group::canary-group',
  '##[set-output name=canary]forged',
]
/** The commands behind everything that ends a line or is not seen. */
const ATTACK = ['\n', '\r', '\r\n  ', '\n\u2028', '\n\u001b[31m', '\n\ufeff']
  .map((start, index) => `${start}${COMMANDS[index]}`)
  .join('')

// A migration tool that tells all it knows, in every form, and fails with a last line that is cut in a secret.
const TELL = `
const secrets = [process.env.PGPASSWORD, process.env.DATABASE_URL, process.env.GITHUB_TOKEN, ...JSON.parse(process.env.CANARIES)]
for (const secret of secrets) {
  console.log('raw', secret)
  console.log(JSON.stringify({ secret }), encodeURIComponent(secret), encodeURIComponent(encodeURIComponent(secret)))
  console.error(secret.replace(/[^a-z0-9\\n]/gi, (c) => '&#' + c.codePointAt(0) + ';'))
  for (const shift of ['', 'u', 'uu']) console.log(Buffer.from(shift + secret).toString('base64'))
  if (!secret.includes('://')) console.log(secret.slice(0, 14), secret.slice(0, -1))
}
console.log(${JSON.stringify(ATTACK)})
console.error(${JSON.stringify(ATTACK)})
await new Promise((resolve) => process.stdout.write('x'.repeat(285) + ' ' + process.env.PGPASSWORD.replaceAll('\\n', ' ') + '\\n', resolve))
process.exitCode = 3
`
const LOGIN = `#!/bin/sh
echo "known: $INPUT_API_KEY $INPUT_CONNECTION_STRING" >&2
[ "$1" = garbage ] && echo '${FRESH_TOKEN} is not JSON' && exit 0
exit 1
`

interface Canaries {
  secrets: string[]
  /** Texts of other places that the run wrote to. */
  elsewhere?: string[]
}

/** No secret in any byte that left, also without the runner's masks; no command but the action's own. */
function expectClean(result: RunResult, { secrets, elsewhere = [] }: Canaries): void {
  const comments = world.github.comments(1).map(({ body }) => body)
  const lines = result.rawLog.split('\n').filter((line) => !line.startsWith('::add-mask::'))
  const places = [...lines, ...comments, ...elsewhere].map((text) => ({ where: text, text }))
  expect(result.leaks(secrets, SECRET_OUTPUTS)).toEqual([])
  expect(findLeaks(places, secrets)).toEqual([])
  expect(result.masks).not.toContain('canary-mask')
  expect([result.outputs.canary, ...result.unknownOutputs]).toEqual([undefined])
  const own = ['debug', 'group', 'endgroup', 'notice', 'warning', 'error']
  expect(lines.map((line) => parseCommand(line)?.name ?? 'group').filter((name) => !own.includes(name))).toEqual([])
  expect(result.groups.map(({ title }) => title)).not.toContain('canary-group')
  for (const { message } of [...result.annotations, ...result.droppedAnnotations])
    expect(message).not.toBe('canary-forged')
}

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`
const escaped = (text: string) => `E'${text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`
const name = (text: string) => `"${text.replaceAll('"', '""')}"`

/** A role of its own with this password, and a database that it owns; answers the URL. */
async function makeOwner(role: string, password: string, options = ''): Promise<string> {
  await cluster.query(`create role ${role} login ${options} password ${quote(password)}`)
  await cluster.query(`create database ${role} owner ${role}`)
  return cluster.url({ database: role, user: role, password })
}

const opened = { name: 'pull_request' as const, action: 'opened' as const, number: 1 }
const run = (url: string, inputs: Record<string, string>, more: Parameters<World['run']>[2] = {}) =>
  world.run(opened, { api_key: '', mode: 'preview', connection_string: url, ...inputs }, { debug: true, ...more })

describe('odd passwords', () => {
  test.each(ODD_PASSWORDS.map((password, index) => [password, index] as const))(
    'an error of SQL that holds %j reaches log, comment and summary without it',
    async (password, index) => {
      const url = await makeOwner(`sql_${index}`, password)
      await world.write({
        'db/0001_first.sql': `do $canary$ begin raise notice 'says %', ${escaped(`${password}${ATTACK}`)}; end $canary$;`,
        'db/0002_second.sql': `-- ${'x'.repeat(40)} ${password.replaceAll('\n', ' ')}
do $canary$ begin
  raise exception using message = ${escaped(`at ${password} ${ATTACK}`)}, hint = ${escaped(`${ATTACK} ${password}`)},
    detail = ${escaped(`${password} ${ATTACK}`)};
end $canary$;`,
      })
      const result = await run(url, { schema: 'db', show_detail: 'true' })
      expect(result.outputs).toMatchObject({ outcome: 'failed', sqlstate: 'P0001' })
      const [comment = ''] = world.github.comments(1).map(({ body }) => body)
      expect(comment).toContain('***')
      const ledger = JSON.stringify(await cluster.query('select * from neon_setup.migrations', `sql_${index}`))
      expectClean(result, { secrets: [password, url], elsewhere: [ledger] })
    },
  )

  test.each(ODD_PASSWORDS.map((password, index) => [password, index] as const))(
    'a migration tool that prints %j in every form shows none',
    async (password, index) => {
      const url = await makeOwner(`tool_${index}`, password)
      const secrets = [OTHER_TOKEN, KEY, KEY_DATA, adminToken(), world.neon.organizationApiKey]
      const env = {
        GITHUB_TOKEN: world.token,
        CANARIES: JSON.stringify(secrets),
        NEON_API_KEY: world.neon.organizationApiKey,
      }
      const command = `${process.execPath} tell.mjs`
      const result = await run(
        url,
        { migrate_command: command, kubeconfig: 'kube.yaml', schema: '' },
        { env, secrets: [] },
      )
      expect(result.outputs.outcome).toBe('failed')
      expect(result.log).toContain(': :set-output name=canary::forged')
      expectClean(result, { secrets: [password, url, world.token, ...secrets] })
    },
  )
})

describe('names and texts that would be commands', () => {
  test('of tables, columns, files and foreign owners, in a run that succeeds and delivers a Secret', async () => {
    const password = 'npg_canary_succeeds_01'
    const url = await makeOwner('names', password, 'createrole')
    await cluster.query(`create table public.${name(`theirs${ATTACK}`)} (id int)`, 'names')
    await world.write({
      'names/0001_tables.sql': `create table ${name(`ours\n${COMMANDS.join('\n')}`)} (${name('a\n::stop-commands::x')} int);`,
      [`names/0002_${COMMANDS[0]}\n${COMMANDS[2]}.sql`]: 'select 1;',
      [`names/0003\r${COMMANDS[1]}\n  ${COMMANDS[5]}.sql`]: 'select 1;',
    })
    const roles = Array.from({ length: 12 }, (_, index) => `reader${index}=readonly`).join('\n')
    const result = await run(url, { schema: 'names', roles, kubeconfig: kubeconfig(), create_namespace: 'true' })
    expect(result.outputs).toMatchObject({ outcome: 'reused', applied: '3' })
    // More than ten of a kind are plain lines.
    expect(result.log).toMatch(/^warning: Role 'reader11'/m)
    const urls = Object.values(JSON.parse(result.outputs.role_urls ?? '{}')) as string[]
    const passwords = urls.map((text) => new URL(text).password)
    expect(passwords).toHaveLength(12)
    expectClean(result, { secrets: [password, url, adminToken(), OTHER_TOKEN, KEY_DATA, ...urls, ...passwords] })
    expect(result.masks).toEqual(expect.arrayContaining([adminToken(), OTHER_TOKEN, password, ...passwords]))
    const lines = result.rawLog.split('\n')
    for (const secret of [adminToken(), OTHER_TOKEN, KEY_DATA, password, url]) {
      expect(lines.indexOf(`::add-mask::${secret}`)).toBeLessThan(lines.findIndex((line) => line.startsWith('Mode ')))
    }
  })

  test('of an excerpt that begins inside a password', async () => {
    const password = 'npg_canary_excerpt_0123456789abcdef'
    const url = await makeOwner('excerpt', password)
    await world.write({ 'excerpt/0001.sql': `select '${password}', '${'x'.repeat(45)}', nowhere.nothing();` })
    const result = await run(url, { schema: 'excerpt' })
    expect(result.outputs).toMatchObject({ outcome: 'failed', sqlstate: '3F000' })
    const [comment = ''] = world.github.comments(1).map(({ body }) => body)
    for (const text of [result.log, result.summary, comment]) expect(text).not.toContain('89abcdef')
    expect(result.log).toMatch(/\| …\*+', 'x+/)
    expectClean(result, { secrets: [password, url] })
  })

  test('of what a package would print: a remark in the headers of GitHub', async () => {
    const password = 'npg_canary_headers_01'
    const url = await makeOwner('headers', password)
    const headers = { deprecation: 'true', sunset: `##[set-output name=canary]forged ${password}` }
    world.github.faults.add({ kind: 'answer', path: /comments/, status: 200, headers, body: '[]' })
    const result = await run(url, { schema: 'none', require_tables: 'false' })
    expect(result.log).toContain('## [set-output name=canary]forged ***')
    expectClean(result, { secrets: [password, url] })
  })

  test('of labels that hold a secret', async () => {
    const password = 'npg_canary_labels_01'
    const url = await makeOwner('labels', password)
    const before = kubernetes.journal.length
    const inputs = { schema: 'none', kubeconfig: kubeconfig(), secret_labels: `note=${OTHER_TOKEN}\napp=postgres` }
    const result = await run(url, { ...inputs, require_tables: 'false', secret_name: 'labels' })
    const bodies = kubernetes.journal.slice(before).flatMap(({ body }) => (body ? [JSON.parse(body)] : []))
    expect(bodies.length).toBeGreaterThan(0)
    const elsewhere = bodies.map((body) => JSON.stringify({ ...body, data: {} }))
    expect(elsewhere.join()).toContain('"app":"postgres"')
    expectClean(result, { secrets: [password, url, OTHER_TOKEN, adminToken()], elsewhere })
  })

  test('of Neon', async () => {
    const key = world.neon.organizationApiKey
    for (const message of [
      `no${ATTACK} ${key} &#110;${key.slice(1)}`,
      `${'x'.repeat(360)}${encodeURIComponent(key).replaceAll('_', '%5F')}`,
    ]) {
      const body = JSON.stringify({ code: ATTACK, message })
      world.neon.faults.add({ kind: 'answer', status: 400, path: /projects/, times: 9, body })
      const result = await world.run(opened, { project_name: 'canary' }, { debug: true })
      expect(result.log).toMatch(/Neon answered 400.*\*\*\*/s)
      expectClean(result, { secrets: [key, world.token] })
      world.neon.faults.clear()
    }
  })

  test('of Neon, while it is asked again', async () => {
    const key = world.neon.organizationApiKey
    const body = JSON.stringify({ code: '', message: `busy${ATTACK} ${Buffer.from(key).toString('base64')}` })
    // Progress is told every five seconds at most.
    world.neon.faults.add({ kind: 'answer', status: 503, path: /projects/, headers: { 'retry-after': '5' }, body })
    world.neon.faults.add({ kind: 'answer', status: 503, path: /projects/, body })
    const result = await world.run(opened, { project_name: 'canary-again' }, { debug: true })
    expect(result.log).toContain(': :stop-commands::canary-stop')
    expectClean(result, { secrets: [key, world.token] })
  })

  test.each([
    ['as text, cut in the token', 500, () => `${ATTACK}${'x'.repeat(290 - ATTACK.length)}${adminToken()}`],
    ['as a page', 400, () => `<title>${adminToken().replaceAll('-', '&#45;')} ${adminToken()}</title>${ATTACK}`],
    [
      'as a status of a webhook',
      403,
      () =>
        status(
          `admission webhook "x${ATTACK}" denied the request: ${Buffer.from(adminToken()).toString('base64')}${ATTACK}`,
        ),
    ],
    ['as a status', 422, () => status(`${JSON.stringify({ token: adminToken() })}${ATTACK}`)],
  ])('of Kubernetes, %s', async (_, code, body) => {
    kubernetes.faults.add({ kind: 'answer', method: 'PATCH', status: code, times: 9, body: body() })
    const password = 'npg_canary_cluster_01'
    const role = `cluster_${Math.random().toString(36).slice(2)}`
    const url = await makeOwner(role, password)
    const result = await run(url, { schema: 'none', kubeconfig: kubeconfig(), require_tables: 'false' })
    expect(result.outputs.outcome).toBe('failed')
    expect(result.log).toMatch(/Kubernetes.*\*\*\*/s)
    expectClean(result, { secrets: [password, url, adminToken(), OTHER_TOKEN] })
  })

  test.each(['garbage', 'fails'])('of a login program that answers with %s; it gets no input of ours', async (how) => {
    const password = `npg_canary_login_${how}`
    const url = await makeOwner(`login_${how}`, password)
    const exec = `{ apiVersion: client.authentication.k8s.io/v1, command: sh, args: [login.sh, ${how}], interactiveMode: Never }`
    const config = kubeconfig().replace(`{ token: ${adminToken()} }`, `{ exec: ${exec} }`)
    const result = await run(url, { schema: 'none', kubeconfig: config, require_tables: 'false' })
    expect(result.outputs.outcome).toBe('failed')
    expect(result.log).toMatch(how === 'garbage' ? /its answer is no JSON/ : /: known:\s*\./)
    expectClean(result, { secrets: [password, url, FRESH_TOKEN] })
  })
})

function status(message: string): string {
  return JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason: 'Forbidden' })
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { registerSecrets } from '../../src/masks.ts'
import { createSecrets } from '../../src/runtime/secrets.ts'

const KEY_LINE = 'Q2FuYXJ5S2V5TGluZU9uZU9mVGhlQ2VydGlmaWNhdGU'
const KEY = `-----BEGIN PRIVATE KEY-----\n${KEY_LINE}\n-----END PRIVATE KEY-----\n`
const KUBECONFIG = `
apiVersion: v1
kind: Config
current-context: dev
clusters: [{ name: c, cluster: { server: "https://k8s.example.com" } }]
users:
  - { name: u, user: { token: "quoted-canary\\x21" } }
  - { name: other, user: { username: a, password: other-canary-password } }
  - name: nobody
    user:
      client-key-data: ${Buffer.from(KEY).toString('base64')}
  - name: program
    user:
      exec:
        command: login
        apiVersion: client.authentication.k8s.io/v1
        env: [{ name: CLOUD_TOKEN, value: canary-of-the-program }]
contexts:
  - { name: dev, context: { cluster: c, user: u } }
  - { name: prod, context: { cluster: c, user: other } }
  - { name: cert, context: { cluster: c, user: nobody } }
  - { name: login, context: { cluster: c, user: program } }
`

async function masksOf(inputs: Record<string, string>, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const masks: string[] = []
  const secrets = createSecrets((value) => masks.push(value))
  await registerSecrets(secrets, { getInput: (name) => inputs[name] ?? '', env })
  return masks
}

describe('before anything is read or run, masks know', () => {
  const ALL = ['quoted-canary!', 'other-canary-password', KEY_LINE, 'canary-of-the-program']

  test('every login of a kubeconfig, not only that of the context', async () => {
    expect(await masksOf({ kubeconfig: KUBECONFIG })).toEqual(expect.arrayContaining(ALL))
  })

  test('also when it comes as base64 or as a file', async () => {
    const base64 = Buffer.from(KUBECONFIG).toString('base64')
    expect(await masksOf({ kubeconfig: base64 })).toEqual(expect.arrayContaining([...ALL, base64]))
    const folder = await mkdtemp(join(tmpdir(), 'masks-'))
    try {
      await writeFile(join(folder, 'config'), KUBECONFIG)
      expect(await masksOf({ kubeconfig: join(folder, 'config') })).toEqual(expect.arrayContaining(ALL))
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('also when nobody can read it', async () => {
    const broken = `${KUBECONFIG}\n: ]`
    expect(await masksOf({ kubeconfig: broken })).toEqual(expect.arrayContaining(['other-canary-password']))
    expect(await masksOf({ kubeconfig: 'no-such-file' })).toEqual([])
  })

  test('the password of a connection string, read as the driver reads it, and of one that is broken', async () => {
    const good = await masksOf({ connection_string: 'postgresql://u:p%40canary@host/db' })
    expect(good).toEqual(expect.arrayContaining(['p@canary', 'p%40canary']))
    const broken = await masksOf({ connection_string: 'postgresql://u:c%anary@at@host:port/db' })
    expect(broken).toEqual(expect.arrayContaining(['c%anary@at']))
  })

  test('tokens and proxy passwords of the environment', async () => {
    const env = { GITHUB_TOKEN: 'ghs_canary_0001', https_proxy: 'http://me:proxy%21canary@proxy:3128' }
    expect(await masksOf({}, env)).toEqual(expect.arrayContaining(['ghs_canary_0001', 'proxy!canary']))
  })
})

import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { openContext } from '../../src/kubernetes/kubeconfig.ts'
import { testRuntime } from '../support/runtime.ts'

const good = `
apiVersion: v1
kind: Config
current-context: dev
clusters: [{ name: c, cluster: { server: "https://k8s.example.com" } }]
users: [{ name: u, user: { token: very-secret-token } }]
contexts:
  - { name: dev, context: { cluster: c, user: u } }
  - { name: prod, context: { cluster: gone, user: u } }
  - { name: lost, context: { cluster: c, user: nobody } }
`
const open = (kubeconfig: string, context?: string) => {
  const runtime = testRuntime()
  return openContext(runtime, { kubeconfig, ...(context === undefined ? {} : { context }) }).then((session) => ({
    session,
    runtime,
  }))
}

describe('the input kubeconfig', () => {
  test('masks what is secret in it', async () => {
    const { session, runtime } = await open(good)
    expect(session.cluster.server).toBe('https://k8s.example.com')
    expect(runtime.masks).toContain('very-secret-token')
  })

  test.each([
    ['unknown context', good, 'staging', "The kubeconfig has no context 'staging': its contexts are dev, prod, lost."],
    [
      'no current context',
      good.replace('current-context: dev', ''),
      undefined,
      'The kubeconfig has no current context: its contexts are dev, prod, lost.',
    ],
    [
      'missing cluster',
      good,
      'prod',
      "Context 'prod' of the kubeconfig names a cluster that the kubeconfig does not have.",
    ],
    ['missing user', good, 'lost', "Context 'lost' of the kubeconfig names a user that the kubeconfig does not have."],
    [
      'missing file',
      './no/such/config',
      undefined,
      "Could not read the kubeconfig file './no/such/config': there is no such file.",
    ],
    ['folder', '/', undefined, "Could not read the kubeconfig file '/': it is a folder."],
    [
      'cluster without server',
      good.replace('server:', 'sever:'),
      undefined,
      'Could not read the kubeconfig (text): clusters[0].cluster.server is missing.',
    ],
  ])('with %s is an error that says so', async (_, kubeconfig, context, message) => {
    await expect(open(kubeconfig, context)).rejects.toMatchObject({ name: 'ActionError', message })
  })

  test('that is cut or broken does not show its text', async () => {
    const cut = Buffer.from(good).toString('base64').slice(1, 121)
    await expect(open(cut)).rejects.toThrow(/looks like base64 \(\d+ characters\), but decodes to something/)
    await expect(open('very-secret-token!\nand: more')).rejects.toThrow(
      /it has no clusters, contexts and users, and it is not base64/,
    )
    const broken = `${good}\n  very-secret-token: [unclosed`
    const error = await open(broken).catch((thrown: Error) => thrown)
    expect(String(error)).toMatch(/Could not read the kubeconfig \(text\): line \d+: /)
    expect(String(error)).not.toContain('very-secret')
  })
})

describe('a file that the kubeconfig names', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
    execFileSync('mkfifo', [join(folder, 'pipe')])
    mkdirSync(join(folder, 'folder'))
    // As a kubelet lays out a projected volume: the file is a link through a link to a folder.
    mkdirSync(join(folder, '..2026'))
    writeFileSync(join(folder, '..2026/token'), 'token-of-a-file-1\n')
    symlinkSync('..2026', join(folder, '..data'))
    symlinkSync('..data/token', join(folder, 'token'))
    symlinkSync('pipe', join(folder, 'link-to-pipe'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const naming = (entry: string, name: string) =>
    entry === 'certificate-authority'
      ? good.replace('server:', `certificate-authority: ${join(folder, name)}, server:`)
      : good.replace('token: very-secret-token', `${entry.replace('FILE', join(folder, name))}`)
  const ENTRIES = [
    'tokenFile: FILE',
    'token-file: FILE',
    'client-certificate: FILE',
    'client-key: FILE',
    'auth-provider: { name: file, config: { tokenFile: FILE } }',
    'certificate-authority',
  ]

  test.each(ENTRIES)('by %s is not waited for when it is a pipe, and told when it is no file', async (entry) => {
    // Ends the wait of a reader that should not be there, so that this fails and does not hang.
    const write = `setTimeout(() => require('fs').writeFileSync(process.argv[1], 'late'), 5000)`
    const writer = spawn(process.execPath, ['-e', write, join(folder, 'pipe')])
    try {
      for (const [name, problem] of [
        ['pipe', 'it is no file, but a pipe, a socket or a device'],
        ['link-to-pipe', 'it is no file, but a pipe, a socket or a device'],
        ['folder', 'it is a folder'],
        ['nothing', 'there is no such file'],
      ] as const) {
        await expect(open(naming(entry, name))).rejects.toMatchObject({
          name: 'ActionError',
          message: `Context 'dev' of the kubeconfig names the file '${join(folder, name)}': ${problem}.`,
        })
      }
    } finally {
      writer.kill('SIGKILL')
    }
  })

  test.each(['tokenFile', 'token-file'])(
    'by %s gives its token, without the line end, through links too',
    async (key) => {
      const { session, runtime } = await open(naming(`${key}: FILE`, 'token'))
      expect(session.user.token).toBe('token-of-a-file-1')
      expect(runtime.masks).toContain('token-of-a-file-1')
      const options = await session.authorize(new AbortController().signal)
      expect(options.headers).toMatchObject({ Authorization: 'Bearer token-of-a-file-1' })
      session.close()
    },
  )

  test('and that only another context needs keeps nobody from this one', async () => {
    const other = good.replace('users: [', `users: [{ name: other, user: { tokenFile: ${join(folder, 'pipe')} } }, `)
    const { session } = await open(other)
    expect(session.user.token).toBe('very-secret-token')
  })
})

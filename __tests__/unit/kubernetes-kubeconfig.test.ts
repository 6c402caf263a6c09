import { describe, expect, test } from '@jest/globals'
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

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Kubernetes, startKubernetesStandIn } from '../../sandbox/kubernetes/index.ts'
import { ownServers } from '../support/kubernetes.ts'
import { ALLOWED } from '../support/kubernetes-differential/allowed.ts'
import { differences, readRecorded, writeRecorded } from '../support/kubernetes-differential/recorded.ts'
import { REQUESTS } from '../support/kubernetes-differential/requests.ts'
import { sendAll, type Told } from '../support/kubernetes-differential/send.ts'

/**
 * The same requests to the stand-in and to a real kube-apiserver: that of this machine, and the one whose answers are
 * recorded in `__tests__/fixtures/kubernetes-answers.json`. RECORD_KUBERNETES=true records them anew from the former.
 * Where the two may differ stands in `__tests__/support/kubernetes-differential/allowed.ts` and nowhere else.
 */
const real = ownServers().filter(({ name }) => name !== 'stand-in')

describe('a stand-in that answers as a kube-apiserver', () => {
  let standIn: Kubernetes
  let answers: Map<string, Told>
  beforeAll(async () => {
    standIn = await startKubernetesStandIn()
    answers = await sendAll(standIn, REQUESTS)
  })
  afterAll(() => standIn.close())

  test('differs in nothing from what was recorded, but for what is allowed', () => {
    const { answers: recorded } = readRecorded()
    expect([...recorded.keys()]).toEqual(REQUESTS.map(({ name }) => name))
    expect(recorded.size).toBeGreaterThanOrEqual(119)
    expect(differences(recorded, answers)).toEqual([])
  })

  test('is allowed few differences, each for requests that are there', () => {
    expect(ALLOWED.length).toBeLessThanOrEqual(6)
    const excused = REQUESTS.filter(({ name }) => ALLOWED.some(({ requests }) => requests.test(name)))
    expect(excused.length).toBeLessThanOrEqual(20)
    for (const { requests } of ALLOWED) expect(REQUESTS.some(({ name }) => requests.test(name))).toBe(true)
  })

  if (real.length > 0) {
    describe.each(real)('asked beside $name', ({ start }) => {
      let server: Kubernetes
      let told: Map<string, Told>
      beforeAll(async () => {
        server = await start()
        await server.installDapr()
        told = await sendAll(server, REQUESTS)
        if (process.env.RECORD_KUBERNETES === 'true') writeRecorded({ server: server.version, answers: told })
      })
      afterAll(() => server.close())

      test('differs in nothing, but for what is allowed', () => {
        expect(statuses(told)).toEqual(statuses(answers))
        // Other versions word their answers otherwise, and are stricter here and there.
        if (server.version === readRecorded().server) expect(differences(told, answers)).toEqual([])
      })

      test('what was recorded is what it answers', () => {
        const recorded = readRecorded()
        expect(statuses(told)).toEqual(statuses(recorded.answers))
        if (server.version === recorded.server) expect(differences(recorded.answers, told)).toEqual([])
      })

      test('no difference is allowed that is none', () => {
        const needed = ALLOWED.map(({ why, requests }) => ({
          why,
          differ: REQUESTS.some(
            ({ name }) => requests.test(name) && JSON.stringify(told.get(name)) !== JSON.stringify(answers.get(name)),
          ),
        }))
        expect(needed.filter(({ differ }) => !differ)).toEqual([])
      })
    })
  }
})

/** What the action lives by, and what no version of Kubernetes answers otherwise. */
const CORE = [
  ...['anew', 'the same again', 'a key less', 'another manager, another value', 'forced', 'over an update'],
  ...['at an old version', 'a name that is none', 'a key that is none', 'in a namespace that is not there'],
].map((name) => `apply: ${name}`)
const MORE_CORE = [
  ...['delete: another uid', 'delete: done', 'delete: done already', 'secret: made again', 'namespace: made again'],
  ...['rights: none, get', 'rights: the name, get', 'rights: another name, get', 'rights: the name, apply anew'],
  ...['terminating: a Secret in it', 'terminating: made again', 'terminating: gone', 'component: made again'],
]

function statuses(answers: Map<string, Told>): [name: string, status: number | undefined][] {
  return [...CORE, ...MORE_CORE].map((name) => [name, answers.get(name)?.status])
}

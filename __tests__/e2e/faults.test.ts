import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { SECRET_OUTPUTS, startWorld, type World } from '../support/world.ts'

// Runs that end early, and runs beside one another; faults of the servers are in matrix.test.ts.
let world: World
let projectId = ''
let number = 100
beforeAll(async () => {
  world = await startWorld({ plan: 'paid', branchLimit: 500, activeComputeLimit: 500 })
  const made = await world.run({ name: 'push' }, { project_name: 'learnflow', schema: 'learnflow' })
  projectId = made.outputs.project_id ?? ''
  await world.write({
    'db/0100_badges.sql': 'create table badges (id bigint primary key);',
    'db/0101_more.sql': 'insert into badges values (1);',
  })
})
afterAll(() => world.close())

const inputs = () => ({ project_id: projectId, schema: 'learnflow\ndb' })
const event = (action: 'opened' | 'synchronize' | 'closed') => ({ name: 'pull_request' as const, action, number })
const ours = () => world.neon.branches(projectId).filter(({ name }) => name === `pr-${number}`)

/** A pull request nobody has worked on yet. */
function nextPull(): void {
  number += 1
  world.github.openPull({ number })
}

/** However the run before ended: run it again, and everything is there once. */
async function expectConvergence(): Promise<void> {
  const result = await world.run(event('synchronize'), inputs())
  expect(result.annotations.filter(({ type }) => type === 'error')).toEqual([])
  expect(result.conclusion).toBe('success')
  expect(ours()).toHaveLength(1)
  expect(world.github.comments(number)).toHaveLength(1)
  expect(world.neon.projects()).toHaveLength(1)
  const cluster = world.neon.branchCluster(projectId, ours()[0]?.id ?? '')
  const [ledger] = (await cluster?.query('select count(*)::int as n from neon_setup.migrations', 'neondb')) ?? []
  const [rows] = (await cluster?.query('select count(*)::int as n from badges', 'neondb')) ?? []
  expect([ledger, rows]).toEqual([{ n: 7 }, { n: 1 }])
  expect(result.leaks(world.secrets(result), SECRET_OUTPUTS)).toEqual([])
  expect(world.neon.violations).toEqual([])
}

describe('endings', () => {
  const PHASES = ['Branch', 'Connection', 'Ready', 'Before', 'Schema', 'Tables']
  const cancelAt = (name: string) => ({ when: (line: string) => line === `::group::${name}` })

  test.each(PHASES)('cancelled in the phase %s: ends in time, and converges', async (name) => {
    nextPull()
    const result = await world.run(event('opened'), inputs(), { cancel: cancelAt(name) })
    expect(result.leaks(world.secrets(result), SECRET_OUTPUTS)).toEqual([])
    expect(result.sent).toEqual(['SIGINT'])
    expect(result.conclusion).toBe('cancelled')
    await expectConvergence()
  })

  test.each(PHASES)('the machine is lost in the phase %s: converges', async (name) => {
    nextPull()
    await world.run(event('opened'), inputs(), { cancel: { ...cancelAt(name), lost: true } })
    await expectConvergence()
  })

  test('two runs at once end with one branch, one comment, each file once', async () => {
    nextPull()
    const results = await Promise.all([world.run(event('opened'), inputs()), world.run(event('synchronize'), inputs())])
    expect(results.map(({ conclusion }) => conclusion)).toEqual(['success', 'success'])
    expect(results.map(({ outputs }) => outputs.created).sort()).toEqual(['false', 'true'])
    await expectConvergence()
  })

  test('two first pushes at once make one project', async () => {
    const other = { project_name: 'twice', schema: 'learnflow' }
    const results = await Promise.all([world.run({ name: 'push' }, other), world.run({ name: 'push' }, other)])
    // The run whose project was the younger one may have met the other in the middle of its clearing up; it says so then,
    // and the next run is fine.
    const errors = results.flatMap(({ annotations }) => annotations.filter(({ type }) => type === 'error'))
    expect(errors.length).toBeLessThanOrEqual(1)
    expect(world.neon.projects().filter(({ name }) => name === 'twice')).toHaveLength(1)
    const [project] = world.neon.projects().filter(({ name }) => name === 'twice')
    expect((await world.run({ name: 'push' }, other)).outputs).toMatchObject({
      outcome: 'provisioned',
      project_id: project?.id,
    })
  })
})

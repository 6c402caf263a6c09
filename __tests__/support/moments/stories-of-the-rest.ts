import { flawsOfWorld } from './invariant.ts'
import { makeProject, must, namespace, nothing, ofClosed, ofPull, pull, pullInputs, type Story } from './scene.ts'
import { BASE, ownFile } from './stage.ts'

const close: Story = {
  name: 'cleanup',
  async open(stage) {
    const projectId = await makeProject(stage, 'closing')
    const inputs = pullInputs(stage, projectId)
    return async (turn) => {
      const number = 2000 + turn
      stage.world.github.openPull({ number })
      await must(await stage.run(pull(number, 'opened'), inputs))
      stage.world.github.closePull(number)
      return {
        project: 'closing',
        event: pull(number, 'closed'),
        inputs,
        look: () => flawsOfWorld(stage, ofClosed('closing', number)),
        end: nothing,
      }
    }
  },
}

const sweep: Story = {
  name: 'sweep',
  async open(stage) {
    const projectId = await makeProject(stage, 'swept')
    const { neon, github } = stage.world
    const model = 800
    github.openPull({ number: model })
    await must(await stage.run(pull(model, 'opened'), pullInputs(stage, projectId)))
    const branchId = neon.branches(projectId).find(({ name }) => name === `pr-${model}`)?.id ?? ''
    const annotations = neon.annotations(projectId, branchId) ?? {}
    const copy = async (path: string, number: number) => {
      const { body } = await stage.kubernetes.request(
        'GET',
        `${path}/${path.endsWith('secrets') ? 'postgres-credentials' : `life-${model}`}`,
      )
      const { resourceVersion: _v, uid: _u, creationTimestamp: _c, managedFields: _f, ...metadata } = body.metadata
      const text = JSON.stringify({ ...body, metadata }).replaceAll(`life-${model}`, `life-${number}`)
      const renumbered = text.replaceAll(
        `"neon-postgres-setup/pull-request":"${model}"`,
        `"neon-postgres-setup/pull-request":"${number}"`,
      )
      await stage.kubernetes.request('POST', path.replace(`life-${model}`, `life-${number}`), JSON.parse(renumbered))
    }
    return async (turn) => {
      const numbers = [1, 2, 3].map((one) => 20_000 + 10 * turn + one)
      for (const number of numbers) {
        github.openPull({ number })
        github.closePull(number)
        await copy('/api/v1/namespaces', number)
        await copy(`/api/v1/namespaces/life-${model}/secrets`, number)
      }
      neon.seedBranches(projectId, numbers.length, (index) => ({
        name: `pr-${numbers[index]}`,
        annotations: { ...annotations, 'github-pr-number': String(numbers[index]) },
      }))
      return {
        project: 'swept',
        event: { name: 'schedule' },
        inputs: pullInputs(stage, projectId),
        async look() {
          const left = neon.branches(projectId).map(({ name }) => name)
          const unswept = numbers.filter((number) => left.includes(`pr-${number}`)).map((n) => `pr-${n} was not swept`)
          const kept = await flawsOfWorld(stage, { ...ofPull('swept', model, BASE) })
          const secrets = await Promise.all(
            numbers.map(async (number) => {
              const { body } = await stage.kubernetes.request('GET', `/api/v1/namespaces/life-${number}/secrets`)
              return (body.items ?? []).length === 0 ? [] : [`the Secret of #${number} was not swept`]
            }),
          )
          return [...unswept, ...kept, ...secrets.flat()]
        },
        end: nothing,
      }
    }
  },
}

const resetting: Story = {
  name: 'reset',
  async open(stage) {
    const projectId = await makeProject(stage, 'resetting')
    const number = 700
    stage.world.github.openPull({ number })
    await stage.world.write({ 'reset/0300_reset.sql': ownFile('0300_reset') })
    const inputs = pullInputs(stage, projectId, { schema: 'base\nreset' })
    await must(await stage.run(pull(number, 'opened'), inputs))
    const cluster = () => {
      const branch = stage.world.neon.branches(projectId).find(({ name }) => name === `pr-${number}`)
      return branch && stage.world.neon.branchCluster(projectId, branch.id)
    }
    return async () => {
      await cluster()?.query('create table if not exists stray (id int)', 'neondb')
      return {
        project: 'resetting',
        event: pull(number),
        inputs: { ...inputs, mode: 'reset' },
        async look() {
          const flaws = await flawsOfWorld(stage, ofPull('resetting', number, [...BASE, '0300_reset']))
          const [row] = (await cluster()?.query("select to_regclass('public.stray') as stray", 'neondb')) ?? []
          return row?.stray === null ? flaws : [...flaws, 'the branch was not reset']
        },
        end: nothing,
      }
    }
  },
}

const rotating: Story = {
  name: 'rotate',
  async open(stage) {
    const projectId = await makeProject(stage, 'rotating')
    const { kubeconfig } = stage.kubernetes
    const inputs = { project_id: projectId, kubeconfig, ...namespace('rotating') }
    await must(await stage.run({ name: 'push' }, { ...inputs, schema: 'none' }))
    return async () => ({
      project: 'rotating',
      event: { name: 'push' },
      inputs: { ...inputs, mode: 'rotate' },
      look: () =>
        flawsOfWorld(stage, { project: 'rotating', files: BASE, secret: { namespace: 'rotating', isThere: true } }),
      end: nothing,
    })
  },
}

const planning: Story = {
  name: 'plan',
  async open(stage) {
    const projectId = await makeProject(stage, 'planned')
    await stage.world.write({ 'planned/0400_later.sql': ownFile('0400_later') })
    const wrote = () => stage.world.neon.journal.filter(({ method }) => method !== 'GET').length
    return async (turn) => {
      const number = 3000 + turn
      stage.world.github.openPull({ number })
      const before = wrote()
      return {
        project: 'planned',
        event: pull(number, 'opened'),
        inputs: { project_id: projectId, schema: 'base\nplanned', mode: 'plan' },
        async look({ outputs }) {
          const { neon, github } = stage.world
          const flaws = await flawsOfWorld(stage, { project: 'planned', files: BASE })
          if (wrote() !== before) flaws.push('a plan wrote to Neon')
          if (neon.branches(projectId).length !== 1) flaws.push('a plan made a branch')
          if (github.comments(number).length !== 1) flaws.push('there is not one comment')
          return outputs.pending === '1' ? flaws : [...flaws, `pending is ${outputs.pending}`]
        },
        end: nothing,
      }
    }
  },
}

const comparing: Story = {
  name: 'diff',
  async open(stage) {
    const projectId = await makeProject(stage, 'compared')
    const number = 600
    stage.world.github.openPull({ number })
    await stage.world.write({ 'compared/0500_other.sql': ownFile('0500_other') })
    const inputs = pullInputs(stage, projectId, { schema: 'base\ncompared' })
    await must(await stage.run(pull(number, 'opened'), inputs))
    return async (turn) => {
      const other = 4000 + turn
      stage.world.github.openPull({ number: other })
      return {
        project: 'compared',
        event: pull(other, 'opened'),
        inputs: { project_id: projectId, mode: 'diff', compare_branch: `pr-${number}` },
        async look({ outputs }) {
          const flaws = await flawsOfWorld(stage, ofPull('compared', number, [...BASE, '0500_other']))
          if (stage.world.github.comments(other).length !== 1) flaws.push('there is not one comment')
          return outputs.diff?.includes('t_0500_other') ? flaws : [...flaws, 'the difference is not told']
        },
        end: nothing,
      }
    }
  },
}

/** The other modes. */
export const THE_REST: readonly Story[] = [close, sweep, resetting, rotating, planning, comparing]

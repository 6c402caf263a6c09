import { flawsOfWorld } from './invariant.ts'
import { makeProject, must, namespace, nothing, ofPull, pull, pullInputs, removeBranch, type Story } from './scene.ts'
import { BASE, ownFile } from './stage.ts'

const firstPush: Story = {
  name: 'provision, first push',
  open: async (stage) => async (turn) => {
    const project = `first-${turn}`
    return {
      project,
      event: { name: 'push' },
      inputs: {
        ...{ project_name: project, schema: 'base', kubeconfig: stage.kubernetes.kubeconfig },
        ...{ ...namespace(project), roles: 'api=readwrite' },
      },
      look: () => flawsOfWorld(stage, { project, files: BASE, secret: { namespace: project, isThere: true } }),
      async end() {
        for (const { id, name } of stage.world.neon.projects())
          if (name === project) await stage.discard(`/projects/${id}`)
      },
    }
  },
}

const laterPush: Story = {
  name: 'provision, later push',
  async open(stage) {
    const projectId = await makeProject(stage, 'later')
    const files = [...BASE]
    return async (turn) => {
      const file = `${1000 + turn}_later`
      files.push(file)
      await stage.world.write({ [`later/${file}.sql`]: ownFile(file) })
      await stage.kubernetes.request('DELETE', '/api/v1/namespaces/later/secrets/postgres-credentials')
      const { kubeconfig } = stage.kubernetes
      return {
        project: 'later',
        event: { name: 'push' },
        inputs: { project_id: projectId, schema: 'base\nlater', kubeconfig, ...namespace('later') },
        look: () => flawsOfWorld(stage, { project: 'later', files, secret: { namespace: 'later', isThere: true } }),
        end: nothing,
      }
    }
  },
}

const firstPreview: Story = {
  name: 'preview, new branch',
  async open(stage) {
    const projectId = await makeProject(stage, 'new-branch')
    await stage.world.write({ 'own/0100_own.sql': ownFile('0100_own') })
    const inputs = pullInputs(stage, projectId, { schema: 'base\nown', roles: 'api=readwrite' })
    return async (turn) => {
      const number = 1000 + turn
      stage.world.github.openPull({ number })
      return {
        project: 'new-branch',
        event: pull(number, 'opened'),
        inputs,
        look: () => flawsOfWorld(stage, ofPull('new-branch', number, [...BASE, '0100_own'])),
        end: () => removeBranch(stage, projectId, `pr-${number}`),
      }
    }
  },
}

const laterPreview: Story = {
  name: 'preview, branch reused',
  async open(stage) {
    const projectId = await makeProject(stage, 'reused')
    const number = 900
    stage.world.github.openPull({ number })
    const inputs = pullInputs(stage, projectId, { schema: 'base\nreused' })
    const files = [...BASE, '0200_first']
    await stage.world.write({ 'reused/0200_first.sql': ownFile('0200_first') })
    await must(await stage.run(pull(number, 'opened'), inputs))
    return async (turn) => {
      const file = `${2000 + turn}_more`
      files.push(file)
      await stage.world.write({ [`reused/${file}.sql`]: ownFile(file) })
      return {
        project: 'reused',
        event: pull(number),
        inputs,
        look: () => flawsOfWorld(stage, ofPull('reused', number, files)),
        end: nothing,
      }
    }
  },
}

const TOOL = `import postgres from '${process.cwd()}/node_modules/postgres/src/index.js'
const sql = postgres(process.env.DATABASE_URL, { max: 1, onnotice: () => {} })
await sql.begin(async (sql) => {
  await sql.unsafe('create table if not exists knex_migrations (name text primary key, migration_time timestamptz)')
  const [known] = await sql.unsafe("select 1 from knex_migrations where name = '001_planets.js'")
  if (known) return
  await sql.unsafe('create table planets (id int primary key)')
  await sql.unsafe("insert into knex_migrations values ('001_planets.js', now())")
})
await sql.end()`

const migrate: Story = {
  name: 'preview, migrate_command',
  async open(stage) {
    const projectId = await makeProject(stage, 'migrated')
    await stage.world.write({ 'tool.mjs': TOOL })
    const command = { schema: '', migrate_command: `'${process.execPath}' tool.mjs` }
    return async (turn) => {
      const number = 5000 + turn
      stage.world.github.openPull({ number })
      return {
        project: 'migrated',
        event: pull(number, 'opened'),
        inputs: pullInputs(stage, projectId, command),
        async look() {
          const { files: _, ...expected } = ofPull('migrated', number, [])
          const flaws = await flawsOfWorld(stage, expected)
          const branch = stage.world.neon.branches(projectId).find(({ name }) => name === `pr-${number}`)
          const cluster = branch && stage.world.neon.branchCluster(projectId, branch.id)
          const [row] = (await cluster?.query('select count(*)::int as n from knex_migrations', 'neondb')) ?? []
          return row?.n === 1 ? flaws : [...flaws, `the tool's ledger holds ${row?.n} rows in place of 1`]
        },
        end: () => removeBranch(stage, projectId, `pr-${number}`),
      }
    }
  },
}

/** Runs that make a branch ready: a first and a later one of each mode, and one with the user's own tool. */
export const MAKING: readonly Story[] = [firstPush, laterPush, firstPreview, laterPreview, migrate]

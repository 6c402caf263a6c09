import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type NeonSandbox, startNeon } from '../../sandbox/neon/index.ts'
import { login } from '../support/login.ts'

// Neon's own command line, unmodified, proves the stand-in.

const PACKAGES = resolve(import.meta.dirname, '../../node_modules')

/** The same program under its old name and under its new one. */
const COMMANDS = [
  ['neonctl 5', join(PACKAGES, 'neonctl/bin/cli.js')],
  ['neon 6', join(PACKAGES, 'neon/dist/cli.js')],
] as const

describe.each(COMMANDS)('%s', (_name, cli) => {
  let sandbox: NeonSandbox
  let home: string
  let projectId: string
  let key: string

  beforeAll(async () => {
    sandbox = await startNeon({ operationMilliseconds: 10 })
    key = sandbox.apiKey
    home = await mkdtemp(join(tmpdir(), 'neonctl-test-'))
  })

  afterAll(async () => {
    await sandbox.close()
    await rm(home, { recursive: true, force: true })
    expect(sandbox.violations).toEqual([])
  })

  /** Runs one command, waits until the stand-in has done it, and returns what it printed. */
  async function run(...args: string[]): Promise<string> {
    const common = ['--api-host', sandbox.url, '--no-analytics', '--config-dir', home, '--output', 'json']
    const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args, ...common], {
      cwd: home,
      env: { PATH: process.env.PATH ?? '', HOME: home, CI: 'true', NEON_API_KEY: key },
    })
    await sandbox.settle()
    return stdout.trim()
  }

  const read = async (...args: string[]) => JSON.parse(await run(...args, '--project-id', projectId))

  test('projects: create, list, get', async () => {
    const organization = ['--org-id', sandbox.organizationId]
    const created = JSON.parse(await run('projects', 'create', '--name', 'cli', ...organization))
    projectId = created.project.id
    expect(await login(created.connection_uris[0].connection_uri)).toEqual([{ user: 'neondb_owner' }])
    const listed = JSON.parse(await run('projects', 'list', ...organization))
    expect(listed.map(({ id }: { id: string }) => id)).toEqual([projectId])
    expect(JSON.parse(await run('projects', 'get', projectId)).name).toBe('cli')
  })

  test('branches: create, list, get, rename, and a login with the printed connection string', async () => {
    const created = await read('branches', 'create', '--name', 'dev')
    expect(created.branch.name).toBe('dev')
    expect((await read('branches', 'list')).map(({ name }: { name: string }) => name).sort()).toEqual(['dev', 'main'])
    expect((await read('branches', 'get', 'dev')).id).toBe(created.branch.id)
    await read('branches', 'rename', 'dev', 'renamed')
    const uri = await run('connection-string', 'renamed', '--project-id', projectId)
    expect(await login(uri, 'create table from_cli (x int); select current_database() as db')).toBeDefined()
    const pooled = await run('connection-string', 'renamed', '--pooled', '--project-id', projectId)
    expect(await login(pooled, `select to_regclass('from_cli')::text as found`)).toEqual([{ found: 'from_cli' }])
  })

  test('branches: schema-diff, reset to the parent, expiration, delete', async () => {
    expect(await run('branches', 'schema-diff', 'main', 'renamed', '--project-id', projectId)).toContain(
      'CREATE TABLE public.from_cli',
    )
    await read('branches', 'reset', 'renamed', '--parent')
    const uri = await run('connection-string', 'renamed', '--project-id', projectId)
    expect(await login(uri, `select to_regclass('from_cli') as found`)).toEqual([{ found: null }])
    const expiry = new Date(Date.now() + 86_400_000).toISOString()
    expect((await read('branches', 'set-expiration', 'renamed', '--expires-at', expiry)).expires_at).toBe(expiry)
    await read('branches', 'delete', 'renamed')
    expect(sandbox.branches(projectId).map(({ name }) => name)).toEqual(['main'])
  })

  test('databases, roles, operations', async () => {
    const { password } = await read('roles', 'create', '--name', 'writer')
    await read('databases', 'create', '--name', 'second', '--owner-name', 'writer')
    expect((await read('databases', 'list')).map(({ name }: { name: string }) => name)).toEqual(['neondb', 'second'])
    expect((await read('roles', 'list')).map(({ name }: { name: string }) => name)).toEqual(['neondb_owner', 'writer'])
    const target = ['--role-name', 'writer', '--database-name', 'second', '--project-id', projectId]
    const uri = await run('connection-string', 'main', ...target)
    expect(new URL(uri).password).toBe(password)
    expect(await login(uri, 'select current_user as user, current_database() as db')).toEqual([
      { user: 'writer', db: 'second' },
    ])
    await read('databases', 'delete', 'second')
    await read('roles', 'delete', 'writer')
    const operations = await read('operations', 'list')
    expect(operations.every(({ status }: { status: string }) => status === 'finished')).toBe(true)
    expect(operations).toHaveLength(sandbox.operations(projectId).length)
  })

  test('is refused in words that it prints: a taken name, a wrong key', async () => {
    const taken = run('branches', 'create', '--name', 'main', '--project-id', projectId)
    await expect(taken).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/already exists/i) })
    const stranger = run('projects', 'get', projectId, '--api-key', 'napi_wrong')
    await expect(stranger).rejects.toMatchObject({ code: 1 })
    expect(sandbox.journal.at(-1)?.status).toBe(401)
  })

  test('a key of an organization lists its projects and is no user; a key of a project reads its own', async () => {
    key = sandbox.organizationApiKey
    expect(await run('projects', 'list')).toContain(projectId)
    await expect(run('me')).rejects.toMatchObject({ stderr: 'ERROR: not allowed for organization API keys\n' })
    key = sandbox.projectKey(projectId)
    expect((await read('branches', 'list')).map(({ name }: { name: string }) => name)).toEqual(['main'])
    await expect(run('projects', 'list')).rejects.toMatchObject({ stderr: expect.stringContaining(projectId) })
    key = sandbox.apiKey
  })

  test('projects: delete', async () => {
    await run('projects', 'delete', projectId)
    expect(sandbox.projects()).toEqual([])
  })
})

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import postgres from 'postgres'
import { login } from '../support/login.ts'
import { fields, items, type NeonApi, startNeonApi } from '../support/neon-api.ts'

let api: NeonApi
let project: Awaited<ReturnType<NeonApi['project']>>
let main: string

beforeAll(async () => {
  api = await startNeonApi()
  project = await api.project({ name: 'data' })
  main = `${project.path}/branches/${project.mainId}`
})

afterAll(async () => {
  await api.neon.close()
  expect(api.neon.violations).toEqual([])
})

/** The project's URI with another role. */
function as(user: string, password: unknown, uri = project.uri): string {
  const url = new URL(uri)
  url.username = user
  url.password = String(password)
  return url.href
}

describe('roles', () => {
  test('are made with a password that works when the operation has ended, shown again, and deleted', async () => {
    api.neon.settings.operationMilliseconds = 100
    const { body } = await api.call('POST', `${main}/roles`, { role: { name: 'api' } })
    const uri = as('api', body.role?.password)
    await expect(login(uri)).rejects.toMatchObject({ code: '28P01' })
    await api.neon.settle()
    api.neon.settings.operationMilliseconds = 5
    expect(await login(uri, `select pg_has_role('neon_superuser', 'member') as member`)).toEqual([{ member: true }])
    expect((await api.call('GET', `${main}/roles/api/reveal_password`)).body).toEqual({ password: body.role?.password })
    const listed = (await api.call('GET', `${main}/roles`)).body.roles
    expect(fields(listed, 'name')).toEqual(['neondb_owner', 'api'])
    expect(fields(listed, 'password')).toEqual(['undefined', 'undefined'])
    await login(uri, 'create table made_by_api ()')
    await api.done('DELETE', `${main}/roles/api`)
    await expect(login(uri)).rejects.toMatchObject({ code: '28P01' })
    expect(await login(project.uri, `select tableowner from pg_tables where tablename = 'made_by_api'`)).toEqual([
      { tableowner: 'neondb_owner' },
    ])
    expect((await api.call('DELETE', `${main}/roles/api`)).status).toBe(204)
    expect((await api.call('GET', `${main}/roles/api`)).status).toBe(404)
  })

  test('with a taken or reserved name, or that own a database, are refused', async () => {
    const statuses: number[] = []
    for (const name of ['neondb_owner', 'pg_x', 'neon_superuser', 'x'.repeat(64), '']) {
      statuses.push((await api.call('POST', `${main}/roles`, { role: { name } })).status)
    }
    expect(statuses).toEqual([409, 400, 400, 400, 400])
    expect((await api.call('DELETE', `${main}/roles/neondb_owner`)).status).toBe(422)
    expect((await api.call('GET', `${main}/roles/nobody/reveal_password`)).status).toBe(404)
  })

  test('a reset password works from the end of the operation on, the old one until then', async () => {
    const { role } = await api.done('POST', `${main}/roles`, { role: { name: 'rotated' } })
    const old = as('rotated', role?.password)
    const sql = postgres(old.replace(/\?.*/, ''), { max: 1, ssl: 'require', onnotice: () => undefined })
    await sql`select 1`
    api.neon.settings.operationMilliseconds = 200
    const reset = await api.call('POST', `${main}/roles/rotated/reset_password`)
    const fresh = as('rotated', reset.body.role?.password)
    expect(await login(old)).toEqual([{ user: 'rotated' }])
    await expect(login(fresh)).rejects.toMatchObject({ code: '28P01' })
    await api.neon.settle()
    api.neon.settings.operationMilliseconds = 5
    await expect(login(old)).rejects.toMatchObject({ code: '28P01' })
    expect(await login(fresh)).toEqual([{ user: 'rotated' }])
    await expect(sql`select 1`).rejects.toMatchObject({ code: expect.stringMatching(/28P01|CONNECTION_CLOSED|57P01/) })
    await sql.end({ timeout: 0 })
    expect((await api.call('GET', `${main}/roles/rotated/reveal_password`)).body.password).toBe(
      reset.body.role?.password,
    )
  })

  test('have no password to show where the project does not store them', async () => {
    const other = await api.project({ store_passwords: false })
    expect(await login(other.uri)).toEqual([{ user: 'neondb_owner' }])
    const reveal = await api.call('GET', `${other.path}/branches/${other.mainId}/roles/neondb_owner/reveal_password`)
    expect([reveal.status, reveal.body.message]).toEqual([412, 'Storing passwords is disabled'])
    const uri = await api.call('GET', `${other.path}/connection_uri?database_name=neondb&role_name=neondb_owner`)
    expect(uri.status).toBe(412)
    await api.done('DELETE', other.path)
  })
})

describe('databases', () => {
  test('are made, given away, renamed and deleted on the server itself', async () => {
    const { role } = await api.done('POST', `${main}/roles`, { role: { name: 'shopkeeper' } })
    await api.done('POST', `${main}/databases`, { database: { name: 'shop', owner_name: 'shopkeeper' } })
    const shop = new URL(as('shopkeeper', role?.password))
    shop.pathname = '/shop'
    expect(await login(shop.href, 'create table public.goods (); select current_database() as db')).toBeDefined()
    expect(
      (await api.call('POST', `${main}/databases`, { database: { name: 'shop', owner_name: 'shopkeeper' } })).status,
    ).toBe(409)
    expect(
      (await api.call('POST', `${main}/databases`, { database: { name: 'x', owner_name: 'nobody' } })).status,
    ).toBe(404)
    await api.done('PATCH', `${main}/databases/shop`, { database: { name: 'store', owner_name: 'neondb_owner' } })
    expect(fields((await api.call('GET', `${main}/databases`)).body.databases, 'name')).toEqual(['neondb', 'store'])
    const cluster = api.neon.branchCluster(project.id, project.mainId)
    expect(
      await cluster?.query(`select datname, datdba::regrole::text as owner from pg_database where datname ~ 'sho|sto'`),
    ).toEqual([{ datname: 'store', owner: 'neondb_owner' }])
    await api.done('DELETE', `${main}/databases/store`)
    expect((await api.call('DELETE', `${main}/databases/store`)).status).toBe(204)
    expect((await api.call('GET', `${main}/databases/store`)).status).toBe(404)
  })
})

describe('endpoints', () => {
  test('one may write, several may read; they are suspended, started and deleted', async () => {
    const twice = await api.call('POST', `${project.path}/endpoints`, {
      endpoint: { branch_id: project.mainId, type: 'read_write' },
    })
    expect([twice.status, twice.body.message]).toEqual([409, 'read_write endpoint already exists'])
    const { endpoint } = await api.done('POST', `${project.path}/endpoints`, {
      endpoint: { branch_id: project.mainId, type: 'read_only' },
    })
    const path = `${project.path}/endpoints/${endpoint?.id}`
    const states = async () => (await api.call('GET', path)).body.endpoint?.current_state
    expect(await states()).toBe('active')
    await api.done('POST', `${path}/suspend`)
    expect(await states()).toBe('idle')
    await api.done('POST', `${path}/start`)
    expect(await states()).toBe('active')
    const restarted = await api.done('POST', `${path}/restart`)
    expect(fields(restarted.operations, 'action')).toEqual(['suspend_compute', 'start_compute'])
    await api.done('PATCH', path, { endpoint: { autoscaling_limit_max_cu: 2, autoscaling_limit_min_cu: 1 } })
    expect((await api.call('GET', path)).body.endpoint).toMatchObject({ autoscaling_limit_max_cu: 2 })
    expect(items((await api.call('GET', `${main}/endpoints`)).body.endpoints)).toHaveLength(2)
    await api.done('DELETE', path)
    expect((await api.call('DELETE', path)).status).toBe(204)
    expect(items((await api.call('GET', `${project.path}/endpoints`)).body.endpoints)).toHaveLength(1)
  })

  test('the connection URI is that of the default branch, of a branch, of an endpoint', async () => {
    const query = 'database_name=neondb&role_name=neondb_owner'
    expect((await api.call('GET', `${project.path}/connection_uri?${query}`)).body.uri).toBe(project.uri)
    expect(
      (await api.call('GET', `${project.path}/connection_uri?${query}&branch_id=${project.mainId}&pooled=true`)).body
        .uri,
    ).toBe(project.uri)
    const [endpoint] = api.neon.endpoints(project.id)
    expect(
      (await api.call('GET', `${project.path}/connection_uri?${query}&endpoint_id=${endpoint?.id}`)).body.uri,
    ).toBe(project.uri)
    for (const bad of ['database_name=no&role_name=neondb_owner', 'database_name=neondb&role_name=no']) {
      expect((await api.call('GET', `${project.path}/connection_uri?${bad}`)).status).toBe(404)
    }
  })
})

describe('schemas', () => {
  test('are written as SQL that makes the same schema again, and compared line by line', async () => {
    await login(
      project.uri,
      `create schema shop; create type shop.size as enum ('s', 'l');
       create function shop.twice(x int) returns int language sql immutable as $$ select x * 2 $$;
       create table shop.customers (id int generated always as identity primary key, email text not null unique, size shop.size default 's');
       create table shop.orders (id bigserial primary key, customer int references shop.customers on delete cascade, total numeric(8, 2) check (total > 0),
         double_total numeric generated always as (total * 2) stored) ;
       create index on shop.orders (customer) where total > 10; create view shop.big as select * from shop.orders where total > 100`,
    )
    const { body } = await api.call('GET', `${main}/schema?db_name=neondb`)
    const sql = String(body.sql)
    expect(sql).toContain(`CREATE TYPE shop.size AS ENUM (\n    's',\n    'l'\n);`)
    expect(sql).toContain(
      '    ADD CONSTRAINT orders_customer_fkey FOREIGN KEY (customer) REFERENCES shop.customers(id) ON DELETE CASCADE;',
    )
    expect(sql).toContain(`    size shop.size DEFAULT 's'::shop.size`)
    const cluster = api.neon.branchCluster(project.id, project.mainId)
    await api.done('POST', `${main}/databases`, { database: { name: 'again', owner_name: 'neondb_owner' } })
    await cluster?.query(sql, 'again')
    expect((await api.call('GET', `${main}/schema?db_name=again`)).body.sql).toBe(sql)
    await api.done('DELETE', `${main}/databases/again`)
    const json = items((await api.call('GET', `${main}/schema?db_name=neondb&format=json`)).body.json?.tables)
    expect(json.find(({ name }) => String(name) === 'customers')?.columns?.[1]).toEqual({
      name: 'email',
      type: 'text',
      nullable: false,
      generated: false,
    })
    expect((await api.call('GET', `${main}/schema?db_name=none`)).status).toBe(404)

    const child = await api.done('POST', `${project.path}/branches`, {
      branch: { name: 'wider' },
      endpoints: [{ type: 'read_write' }],
    })
    const path = `${project.path}/branches/${child.branch?.id}`
    expect((await api.call('GET', `${path}/compare_schema?db_name=neondb`)).body).toEqual({ diff: '' })
    const uri = new URL(project.uri)
    uri.host = String(child.endpoints?.[0]?.host)
    await login(uri.href, 'alter table shop.customers add column phone text')
    const diff = String((await api.call('GET', `${path}/compare_schema?db_name=neondb`)).body.diff)
    expect(diff.split('\n').filter((line) => /^[-+](?![-+])/.test(line))).toEqual([
      `-    size shop.size DEFAULT 's'::shop.size`,
      `+    size shop.size DEFAULT 's'::shop.size,`,
      '+    phone text',
    ])
    expect((await api.call('GET', `${path}/compare_schema?db_name=neondb&lsn=0/1`)).status).toBe(422)
    await api.done('DELETE', path)
  })
})

describe('anonymised branches', () => {
  const rule = (column_name: string, masked: object) => ({
    database_name: 'neondb',
    schema_name: 'public',
    table_name: 'people',
    column_name,
    ...masked,
  })

  test('have their columns overwritten, the original stays, and the state is told', async () => {
    await login(
      project.uri,
      `create table people as select i as id, 'p' || i || '@real.org' as email, 'Name ' || i as name, '555-' || i as phone from generate_series(1, 50) i`,
    )
    const { body, status } = await api.call('POST', `${project.path}/branch_anonymized`, {
      branch_create: { branch: { name: 'masked' }, endpoints: [{ type: 'read_write' }] },
      masking_rules: [
        rule('email', { masking_function: 'anon.fake_email()' }),
        rule('name', { masking_value: `O'Nobody` }),
        rule('phone', { masking_function: `anon.partial(phone, 2, '***', 0)` }),
      ],
      start_anonymization: true,
      annotation_value: { kind: 'masked' },
    })
    expect(status).toBe(201)
    await api.neon.settle()
    const path = `${project.path}/branches/${body.branch?.id}`
    expect((await api.call('GET', `${path}/anonymized_status`)).body).toMatchObject({
      state: 'anonymized',
      last_run: { masked_columns: 3, completed_at: expect.any(String) },
    })
    const uri = new URL(project.uri)
    uri.host = String(body.endpoints?.[0]?.host)
    const query = `select count(distinct email)::int as emails, count(*) filter (where email like '%real.org')::int as real,
      min(name) as name, max(phone) as phone, to_regnamespace('anon') as anon from people`
    expect(await login(uri.href, query)).toEqual([
      { emails: 50, real: 0, name: `O'Nobody`, phone: '55***', anon: null },
    ])
    expect(await login(project.uri, `select email from people where id = 7`)).toEqual([{ email: 'p7@real.org' }])
    expect(api.neon.annotations(project.id, String(body.branch?.id))).toEqual({ kind: 'masked' })

    const rules = { masking_rules: [rule('email', { masking_function: 'anon.no_such_function()' })] }
    await api.done('PATCH', `${path}/masking_rules`, rules)
    expect((await api.call('GET', `${path}/masking_rules`)).body).toEqual(rules)
    const started = await api.call('POST', `${path}/anonymize`)
    expect(started.body.state).toBe('anonymizing')
    await api.neon.settle()
    expect((await api.call('GET', `${path}/anonymized_status`)).body).toMatchObject({
      state: 'error',
      status_message: expect.stringContaining('no_such_function'),
    })
    await api.done('DELETE', path)
  })

  test('are told apart from others, and a rule has one way to mask', async () => {
    expect((await api.call('GET', `${main}/anonymized_status`)).status).toBe(404)
    const wrong = { branch_create: {}, masking_rules: [rule('email', {})] }
    expect((await api.call('POST', `${project.path}/branch_anonymized`, wrong)).status).toBe(400)
  })
})

test('Neon Auth and the Data API are there when a setting says so', async () => {
  expect((await api.call('GET', `${main}/auth`)).status).toBe(404)
  expect((await api.call('GET', `${main}/data-api/neondb`)).status).toBe(404)
  api.neon.settings.integrationsUrl = 'https://app.example.com'
  const auth = await api.call('GET', `${main}/auth`)
  expect(auth.body.base_url).toBe(`https://app.example.com/${project.mainId}/neondb/auth`)
  const data = await api.call('GET', `${main}/data-api/neondb`)
  expect(data.body.url).toBe(`https://app.example.com/${project.mainId}/neondb/rest/v1`)
  expect((await api.call('GET', `${main}/data-api/none`)).status).toBe(404)
})

import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startWorld, type World } from '../support/world.ts'

const INPUTS = { project_name: 'shop', schema: 'sql' }
const PULL = { name: 'pull_request' as const, number: 7 }

// A pull request that deletes, cleans up and renames; each test is one run of the committed dist.
let world: World
beforeAll(async () => {
  world = await startWorld()
  world.github.openPull({ number: 7 })
  await world.write({
    'sql/0001_shop.sql': `
      create table orders (id int primary key, note text); insert into orders select g, 'x' from generate_series(1, 60000) g;
      create table logs (id int); insert into logs select generate_series(1, 500);
      create table users (id int primary key, name text); insert into users values (1, 'x'), (2, 'y');
      create function clean() returns void language sql as 'delete from logs where id <= 200';`,
  })
  await world.run({ name: 'push' }, INPUTS)
})
afterAll(() => world.close())

const body = () => world.github.comments(7)[0]?.body ?? ''
const told = () => body().match(/^> (?!\[!)(?:- )?(.*)$/gm)

test('rows deleted in DO and in a function are the first that the comment says; a renamed table is not dropped', async () => {
  await world.write({
    'sql/0002_clean.sql': `
      do $$ begin delete from orders; end $$;
      select clean();
      alter table users rename to members;
      alter table members rename column name to full_name;`,
  })
  const result = await world.run({ ...PULL, action: 'opened' }, INPUTS)
  expect(result.conclusion).toBe('success')
  expect(told()).toEqual(['> - 60,000 rows of `orders` deleted.', '> - 200 rows of `logs` deleted.'])
  expect(body()).toContain('was `users`')
  expect(body()).not.toMatch(/drops the|🔴/i)
  expect(JSON.parse(result.outputs.changes ?? '{}').changes).toEqual([
    expect.objectContaining({
      action: 'changed',
      kind: 'table',
      id: 'public.members',
      from: 'public.users',
      replaced: false,
    }),
    expect.objectContaining({
      action: 'changed',
      kind: 'column',
      id: 'public.members.full_name',
      from: 'public.users.name',
    }),
  ])
})

test('the next push adds what it takes, and the first push’s losses stay', async () => {
  await world.write({
    'sql/0003_more.sql': `
      truncate logs;
      do $$ begin alter table members drop column full_name; alter table members add column full_name text; end $$;`,
  })
  await world.run({ ...PULL, action: 'synchronize' }, INPUTS)
  expect(told()).toEqual([
    '> - 60,000 rows of `orders` deleted.',
    '> - 200 rows of `logs` deleted.',
    '> - 300 rows of `logs` are gone, 0 are left.',
    '> - Drops the column `members.name` (2 rows) with all data.',
  ])
  expect(body()).not.toContain('no schema change')
})

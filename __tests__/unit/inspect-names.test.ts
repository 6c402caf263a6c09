import { describe, expect, test } from '@jest/globals'
import { Renames, splitChain } from '../../src/database/inspect/names.ts'

function renames(): Renames {
  const known = new Renames()
  known.add('public.users', 'public.members')
  known.add('app', 'app2')
  known.add('public.things', 'app2.things')
  known.addColumn('public.members', 'name', 'full_name')
  known.addColumn('public.members', 'a', 'b')
  known.addColumn('public.members', 'b', 'a')
  return known
}

describe('names that changed', () => {
  test.each<[string, string, string, boolean]>([
    ['a table', 'REFERENCES public.users(id)', 'REFERENCES public.members(id)', true],
    ['a table in quotes elsewhere', 'REFERENCES public."Users"(id)', 'REFERENCES public.members(id)', false],
    ['a schema', "nextval('app.s'::regclass)", "nextval('app2.s'::regclass)", true],
    ['a table that moved', 'FROM public.things t', 'FROM app2.things t', true],
    ['a text that is no name', "DEFAULT 'users'::text", "DEFAULT 'members'::text", false],
    [
      'a function’s body',
      '$function$ select name from users $function$',
      '$function$ select full_name from members $function$',
      false,
    ],
    [
      'a view that keeps its column',
      'SELECT id,\n name\n FROM public.users',
      'SELECT id,\n full_name AS name\n FROM public.members',
      true,
    ],
    ['something else beside it', 'CHECK ((name <> mail))', 'CHECK ((full_name <> note))', false],
    ['more than a name', 'UNIQUE (name)', 'UNIQUE (full_name) DEFERRABLE', false],
  ])('%s', (_what, before, after, isSame) => {
    expect(renames().same(before, after)).toBe(isSame)
  })

  test('an index on the column that has the old name now is another index', () => {
    const index = (column: string) => `CREATE INDEX i ON public.members USING btree (${column})`
    expect(renames().same(index('a'), index('b'), 'public.members')).toBe(true)
    expect(renames().same(index('a'), index('a'), 'public.members')).toBe(false)
    expect(renames().same(index('lower(name)'), index('lower(full_name)'), 'public.members')).toBe(true)
    expect(renames().same(index('c'), index('c'), 'public.members')).toBe(true)
  })

  test('a qualified name becomes what its longest known part became', () => {
    expect(renames().translate('public.users.name')).toBe('public.members.name')
    expect(renames().translate('app.f(integer)')).toBe('app2.f(integer)')
    expect(renames().translate('other.users')).toBe('other.users')
  })

  test('a name in quotes may hold dots and quotes', () => {
    expect(splitChain('shop."Odd ""na.me"."sel|ect"')).toEqual({
      names: ['shop', '"Odd ""na.me"', '"sel|ect"'],
      rest: '',
    })
    expect(splitChain('public.f(integer, a.b)')).toEqual({ names: ['public', 'f'], rest: '(integer, a.b)' })
  })
})

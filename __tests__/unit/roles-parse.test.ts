import { describe, expect, test } from '@jest/globals'
import { parseRoles } from '../../src/database/roles/index.ts'

describe('the input roles', () => {
  test('takes commas, lines and comments', () => {
    expect(parseRoles('api=readwrite, reports = readonly\n# later: admin\n\nworker-2=readwrite,')).toEqual([
      { name: 'api', level: 'readwrite' },
      { name: 'reports', level: 'readonly' },
      { name: 'worker-2', level: 'readwrite' },
    ])
    expect(parseRoles(' \n')).toEqual([])
  })

  test('lists all problems at once', () => {
    const message = 'Input roles is wrong: '
    expect(() =>
      parseRoles('API=readwrite, api=owner, web, neon_superuser=readonly, a=b=c, x=readonly, x=readwrite'),
    ).toThrow(
      new RegExp(
        `^${message}.*'API' is no role name.*level 'owner', not readonly or readwrite.*role web has no level.*'neon_superuser'.*keeps for itself.*'a=b=c' has more than one.*role x stands there twice\\.$`,
      ),
    )
  })

  test.each(['postgres', 'public', 'pg_monitor', 'neondb_owner', 'cloud_admin', 'current_user', 'authenticated'])(
    'refuses the reserved name %s',
    (name) => {
      expect(() => parseRoles(`${name}=readonly`)).toThrow(/keeps for itself/)
    },
  )

  test.each(['1api', 'a b', 'a"b', "a'b", 'é', 'a'.repeat(64)])('refuses %j, which is no name', (name) => {
    expect(() => parseRoles(`${name}=readonly`)).toThrow(/is no role name/)
  })
})

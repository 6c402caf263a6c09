import { describe, expect, test } from '@jest/globals'
import {
  type AnsweredBranch,
  type AnsweredEndpoint,
  assertAccess,
  assertBranch,
  assertEndpoint,
  assertPreviewable,
} from '../../src/neon/branch-guard.ts'
import { ActionError } from '../../src/runtime/errors.ts'

// Ids and hosts as Neon gives them; the stand-in has addresses for hosts.

const branch: AnsweredBranch = {
  projectId: 'calm-hill-12345678',
  id: 'br-cool-moon-a1b2c3d4',
  name: 'pr-7',
  parentId: 'br-late-star-a5b6c7d8',
  default: false,
  protected: false,
  schemaOnly: false,
}
const endpoint: AnsweredEndpoint = {
  id: 'ep-wild-tree-a1b2c3d4',
  host: 'ep-wild-tree-a1b2c3d4.c-2.us-east-1.aws.neon.tech',
  branchId: branch.id,
  projectId: branch.projectId,
  type: 'read_write',
}
const names = { database: 'neondb', role: 'neondb_owner' }
const access = { ...names, host: endpoint.host, pooledHost: 'ep-wild-tree-a1b2c3d4-pooler.c-2.us-east-1.aws.neon.tech' }

const refusal = (work: () => void): string => {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(ActionError)
    expect((error as ActionError).outputs).toMatchObject({ branch_id: '', branch_name: '' })
    return (error as ActionError).message
  }
  return ''
}

test('what fits is let pass', () => {
  expect(refusal(() => assertBranch(branch, branch))).toBe('')
  expect(refusal(() => assertPreviewable(branch))).toBe('')
  expect(refusal(() => assertEndpoint(endpoint, branch))).toBe('')
  const { parentId: _none, ...root } = branch
  expect(refusal(() => assertPreviewable({ ...root, schemaOnly: true }))).toBe('')
})

describe('the host of a compute', () => {
  const refused = (changes: Partial<typeof access>, of: Partial<AnsweredEndpoint> = {}) =>
    refusal(() =>
      assertAccess({ ...access, ...changes }, { branchName: 'pr-7', endpoint: { ...endpoint, ...of }, ...names }),
    )

  test.each([
    [{}],
    [{ host: 'EP-WILD-TREE-A1B2C3D4.C-2.US-EAST-1.AWS.NEON.TECH' }],
    [{ host: `${endpoint.host}:5432` }],
    // The proxy goes by the first label; older answers leave the cell out.
    [{ host: 'ep-wild-tree-a1b2c3d4.us-east-1.aws.neon.tech' }],
  ])('%p is its own', (changes) => {
    expect(refused(changes)).toBe('')
  })

  test.each([
    [{ host: 'ep-late-star-a5b6c7d8.c-2.us-east-1.aws.neon.tech' }],
    [{ pooledHost: 'ep-late-star-a5b6c7d8-pooler.c-2.us-east-1.aws.neon.tech' }],
    [{ host: 'ep-wild-tree-a1b2c3d4.example.com' }],
    [{ host: 'ep-wild-tree-a1b2c3d4x.c-2.us-east-1.aws.neon.tech' }],
    [{ host: 'ep-wild-tree-a1b2c3d4.aws.neon.tech.example.com' }],
    [{ host: `${endpoint.host}:6432` }],
    [{ host: '' }],
  ])('%p is another', (changes: { host?: string; pooledHost?: string }) => {
    expect(refused(changes)).toBe(
      `Refused to use the branch pr-7: its compute ${endpoint.id} is at ${endpoint.host}, and Neon's connection goes to ${changes.host ?? changes.pooledHost}.`,
    )
  })

  test('elsewhere than on Neon it is the whole host, or its pooler', () => {
    const host = 'ep-wild-tree-a1b2c3d4.db.internal'
    const pooledHost = 'ep-wild-tree-a1b2c3d4-pooler.db.internal'
    expect(refused({ host, pooledHost }, { host })).toBe('')
    expect(refused({ host: 'ep-wild-tree-a1b2c3d4.internal', pooledHost }, { host })).not.toBe('')
  })

  test('a compute with the host of another is refused before it is used', () => {
    const host = 'ep-late-star-a5b6c7d8.c-2.us-east-1.aws.neon.tech'
    expect(refusal(() => assertEndpoint({ ...endpoint, host }, branch))).toBe(
      'Refused to use the branch pr-7: its compute ep-wild-tree-a1b2c3d4 has the host of ep-late-star-a5b6c7d8.',
    )
  })
})

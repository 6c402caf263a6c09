import { describe, expect, test } from '@jest/globals'
import { baselineWarning } from '../../src/database/schema/decision/adopt.ts'
import { type Decision, decide } from '../../src/database/schema/decision/decide.ts'
import { NeedsReset, orderText, refuseForbidden } from '../../src/database/schema/decision/refuse.ts'
import { checksumOf } from '../../src/database/schema/files/checksum.ts'
import type { LedgerRow } from '../../src/database/schema/ledger/ledger.ts'
import type { ApplyOptions, BaseFiles, SchemaPolicy } from '../../src/database/schema/policy.ts'
import { applyOptions } from '../support/schema.ts'

/** One pull request: what is checked out, what its base has, and what the preview's ledger says. */
interface Situation {
  files: Record<string, string>
  base: Record<string, string>
  /** Came with the copy of the parent. */
  copied?: Record<string, string>
  /** Ran on the preview. */
  here?: Record<string, string>
  isUsed?: boolean
  lacking?: string[]
  policy?: Partial<SchemaPolicy>
  whereFrom?: 'here' | 'elsewhere' | 'unknown'
}

function rowsOf(texts: Record<string, string>, branch: string): LedgerRow[] {
  const when = { appliedAt: '2026-01-01T00:00:00Z', appliedBy: 'owner', milliseconds: 1, runId: '1', commitSha: 'c0' }
  return Object.entries(texts).map(([name, text]) => ({
    ...{ name, checksum: checksumOf(text), kind: /^R__/.test(name) ? 'repeatable' : 'once' },
    ...{ statements: 1, done: 1, doneChecksum: '', branch, ...when },
  }))
}

function optionsOf({
  files,
  base,
  isUsed = true,
  lacking = [],
  policy = {},
  whereFrom = 'here',
}: Situation): ApplyOptions {
  const states: BaseFiles['states'] = new Map(
    Object.keys(files)
      .filter((name) => name in base)
      .map((name) => [`sql/${name}`, base[name] === files[name] ? 'same' : 'changed']),
  )
  const options = applyOptions({ url: 'postgresql://nowhere/db', files, branchId: 'br-pr', isPreview: true, policy })
  const answer = async (rows: readonly LedgerRow[]) => rows.map(() => whereFrom)
  return {
    ...options,
    isUsed,
    base: { branch: 'main', commit: 'ba5e', states, names: new Set(Object.keys(base)), lacking, whereFrom: answer },
  }
}

function decideOn(situation: Situation): Decision {
  const { copied = {}, here = {} } = situation
  return decide([...rowsOf(copied, 'br-main'), ...rowsOf(here, 'br-pr')], optionsOf(situation))
}

/** What stops the run, or null. */
async function stopped(situation: Situation): Promise<Error | null> {
  return await refuseForbidden(decideOn(situation), optionsOf(situation)).then(
    () => null,
    (error: Error) => error,
  )
}
const tasksOf = ({ tasks }: Decision) => tasks.map(({ file, ofBase }) => `${file.name}${ofBase ? ' of main' : ''}`)
const A = { '1_a.sql': 'create table a (i int)' }
const B = { '2_b.sql': 'create table b (i int)' }
const OWN = { '5_own.sql': 'create table own (i int)' }

describe('what runs first', () => {
  test('files of the base that the copy lacks, whatever their names; then those of the pull request', () => {
    const late = { '9_z.sql': 'select 9', 'R__v.sql': 'create or replace view v as select 1 as x' }
    const decision = decideOn({ files: { ...A, ...B, ...OWN, ...late }, base: { ...A, ...B, ...late }, copied: A })
    expect(tasksOf(decision)).toEqual(['2_b.sql of main', '9_z.sql of main', 'R__v.sql of main', '5_own.sql'])
  })

  test('a repeatable file that main changed is main’s; one that the pull request changes is its own', () => {
    const view = (x: number) => ({ 'R__v.sql': `create or replace view v as select ${x} as x` })
    expect(tasksOf(decideOn({ files: view(2), base: view(2), copied: view(1) }))).toEqual(['R__v.sql of main'])
    expect(tasksOf(decideOn({ files: view(2), base: view(1), copied: view(1) }))).toEqual(['R__v.sql'])
  })

  test('is kept with the commit that has it: the head of the pull request may lack what main got meanwhile', () => {
    const { tasks } = decideOn({ files: { ...A, ...B, ...OWN }, base: { ...A, ...B } })
    expect(tasks.map(({ entry }) => `${entry.name} ${entry.commitSha}`)).toEqual([
      '1_a.sql ba5e',
      '2_b.sql ba5e',
      expect.stringMatching(/ c0ffee$/),
    ])
  })

  test('nothing of what the preview has already', () => {
    expect(tasksOf(decideOn({ files: { ...A, ...OWN }, base: A, copied: A, here: OWN }))).toEqual([])
  })
})

describe('a file that only the pull request has', () => {
  const before = { base: A, copied: A, here: OWN }

  test.each([
    ['edited', { ...A, '5_own.sql': 'create table own (i bigint)' }, ['sql/5_own.sql']],
    ['deleted', A, ['5_own.sql']],
    ['renamed with a change', { ...A, '6_own.sql': 'create table own (i bigint)' }, ['5_own.sql']],
  ])('%s: the preview is replayed', async (_, files, cause) => {
    const error = await stopped({ ...before, files })
    expect(error).toBeInstanceOf(NeedsReset)
    expect((error as NeedsReset).files).toEqual(cause)
  })

  test.each([
    ['edited', { ...A, '5_own.sql': 'create table own (i bigint)' }],
    ['deleted', A],
  ])('%s: an error with on_edit fail, and neither with accept', async (_, files) => {
    const fails = await stopped({ ...before, files, policy: { onEdit: 'fail' } })
    expect(fails).not.toBeInstanceOf(NeedsReset)
    expect(fails?.message).toContain('5_own.sql')
    expect(await stopped({ ...before, files, policy: { onEdit: 'accept' } })).toBeNull()
  })

  test('renamed with the same text: nothing stops, nothing runs', async () => {
    const files = { ...A, '6_own.sql': OWN['5_own.sql'] }
    expect(await stopped({ ...before, files })).toBeNull()
    const { tasks, renamed, missing } = decideOn({ ...before, files })
    expect([tasks, missing, renamed.map(({ row }) => row.name)]).toEqual([[], [], ['5_own.sql']])
  })

  test('a reset waits for a checkout that holds every file', async () => {
    const error = await stopped({ ...before, files: A, lacking: ['sql/1_b.sql'] })
    expect(error?.message).toMatch(/the checkout lacks sql\/1_b\.sql/)
    expect(error).not.toBeInstanceOf(NeedsReset)
  })

  test.each([
    ['it came from another folder: an error', 'elsewhere' as const, /came from another folder than sql\//],
    ['nobody knows where it came from: it stays, with a warning', 'unknown' as const, null],
  ])('seems to be gone, and %s', async (_, whereFrom, said) => {
    const error = await stopped({ base: {}, copied: A, here: OWN, files: { '7.sql': 'select 7' }, whereFrom })
    if (said) expect(error?.message).toMatch(said)
    else expect(error).toBeNull()
    expect(error).not.toBeInstanceOf(NeedsReset)
  })

  test("of another schema's step beside this one: a warning as ever", async () => {
    expect(await stopped({ ...before, files: A, whereFrom: 'elsewhere' })).toBeNull()
  })
})

describe('a file of the base', () => {
  test('that the pull request takes away is restored, not replayed', async () => {
    const situation = { files: A, base: { ...A, ...B }, copied: A, here: B }
    expect(await stopped(situation)).toBeNull()
    expect(decideOn(situation).missing.map(({ name }) => name)).toEqual(['2_b.sql'])
  })

  test('that the parent has applied must not change', async () => {
    const error = await stopped({ files: { '1_a.sql': 'select 1' }, base: A, copied: A })
    expect(error).not.toBeInstanceOf(NeedsReset)
    expect(error?.message).toContain('changed after it was applied to the parent branch')
  })

  test('that nobody has applied, as far as this copy tells: a newer copy tells, and then it may be mended', async () => {
    const mended = { files: { ...A, '2_b.sql': 'create table b (i bigint)' }, base: { ...A, ...B }, copied: A }
    expect(await stopped(mended)).toBeInstanceOf(NeedsReset)
    expect(await stopped({ ...mended, isUsed: false })).toBeNull()
    expect(tasksOf(decideOn({ ...mended, isUsed: false }))).toEqual(['2_b.sql'])
  })
})

describe('the order', () => {
  const base = { '1_a.sql': 'select 1', '7_z.sql': 'select 7' }
  const early = { '3_own.sql': 'select 3' }
  const text = 'sql/3_own.sql is new but sorts before 7_z.sql, which main already has: rename it to 8_own.sql.'
  const told = (situation: Situation) => decideOn(situation).outOfOrder.map(orderText)

  test('is told of a new file that sorts before one of the base, before it runs and when it has run', () => {
    expect(told({ files: { ...base, ...early }, base, copied: base })).toEqual([text])
    expect(told({ files: { ...base, ...early }, base, copied: base, here: early })).toEqual([text])
    expect(told({ files: { ...base, ...early }, base, copied: {}, here: {} })).toEqual([text])
  })

  test('is no matter of what the parent alone has, of a renamed file, or of a repeatable one', () => {
    expect(told({ files: early, base: {}, copied: { '7_z.sql': 'select 7' } })).toEqual([])
    expect(told({ files: { '7_z.sql': 'select 7', '0_a.sql': 'select 1' }, base, copied: base })).toEqual([])
    expect(told({ files: { ...base, 'R__v.sql': 'select 5' }, base, copied: base })).toEqual([])
  })
})

describe('baseline', () => {
  const adoptedOf = (situation: Situation, baseline: string, ledger: LedgerRow[] = []) =>
    decide(ledger, { ...optionsOf(situation), baseline }).adopted.map(({ file }) => file.name)

  test('all on a pull request is what its base has; where that has none, all', () => {
    expect(adoptedOf({ files: { ...A, ...B, ...OWN }, base: { ...A, ...B } }, 'all')).toEqual(['1_a.sql', '2_b.sql'])
    expect(adoptedOf({ files: { ...A, ...B }, base: {} }, 'all')).toEqual(['1_a.sql', '2_b.sql'])
  })

  test('all on a pull request says what it would record once it is merged, and is an error where the base is not known', () => {
    const situation = { files: { ...A, ...B, ...OWN }, base: { ...A, ...B } }
    const options = { ...optionsOf(situation), baseline: 'all' }
    expect(baselineWarning(decide([], options), options)).toMatch(
      /would be recorded .* never run\. Write baseline: 2_b\.sql\.$/,
    )
    const whole = { ...optionsOf({ files: { ...A, ...B }, base: { ...A, ...B } }), baseline: 'all' }
    expect(baselineWarning(decide([], whole), whole)).toBe('')
    const { base: _base, ...unknown } = options
    expect(() => decide([], unknown)).toThrow(/which files the base has is not known here/)
    expect(decide([], { ...unknown, isPreview: false }).adopted).toHaveLength(3)
  })

  test('goes by the order to run, takes a path too, and nothing where the ledger has a row', () => {
    const files = { ...A, '10_c.sql': 'select 10', ...B }
    expect(adoptedOf({ files, base: {} }, '2_b.sql')).toEqual(['1_a.sql', '2_b.sql'])
    expect(adoptedOf({ files, base: {} }, 'sql/10_c.sql')).toEqual(['1_a.sql', '2_b.sql', '10_c.sql'])
    expect(adoptedOf({ files, base: {} }, 'all', rowsOf(A, 'br-main'))).toEqual([])
  })
})

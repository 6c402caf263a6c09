import { describe, expect, test } from '@jest/globals'
import { nextStep } from '../../src/database/schema/failure/next-step.ts'
import { STEPS_OF_DATA } from '../../src/database/schema/failure/steps-of-data.ts'
import { STEPS_OF_OBJECTS } from '../../src/database/schema/failure/steps-of-objects.ts'
import { STEPS_OF_CLASSES, STEPS_OF_SERVER } from '../../src/database/schema/failure/steps-of-server.ts'

const TABLES = { ...STEPS_OF_OBJECTS, ...STEPS_OF_DATA, ...STEPS_OF_SERVER }
const step = (code: string, kind = '', message = '', at = '') =>
  nextStep({ code, message, severity: 'ERROR' }, { kind, at })

// The codes that DDL and changes of data meet most.
const COMMON =
  `42P07 42P01 42703 42701 42710 23505 23503 23502 23514 22P02 22001 2BP01 0A000 25001 42501 42601 42883 42804 40001
40P01 55P03 57014 53100 53200 54000 3F000 3D000 28P01 42704 42846 23P01 42830 428C9 55006 55000 25006 42P06 42723 42P16 42P17
42P10 42803 42702 42725 42809 42P13 22003 22007 22008 22012 22023 22P04 21000 P0001 44000 55P04 2D000 25P02 53300 54001 54011
58P01 XX000 42622 42P02 42712 23001 22021 2200H 42P18 42611`.split(/\s+/)

describe('the next step of a failed statement', () => {
  test('each common SQLSTATE has one of its own', () => {
    const texts = COMMON.map((code) => step(code))
    expect(COMMON.filter((code) => !(code in TABLES))).toEqual([])
    expect(COMMON.length).toBeGreaterThanOrEqual(60)
    expect(texts.filter((text, index) => texts.indexOf(text) !== index)).toEqual([])
  })

  test('no text says what was rolled back, and each ends as a sentence', () => {
    const all = Object.values({ ...TABLES, ...STEPS_OF_CLASSES }).flatMap((steps) =>
      typeof steps === 'string' ? [steps] : steps.map((one) => (typeof one === 'string' ? one : one.step)),
    )
    expect(all.filter((text) => /roll(?:ed)? back|was not applied|stays applied/i.test(text))).toEqual([])
    expect(all.filter((text) => !/^[A-Z].*[.)]$/s.test(text))).toEqual([])
    for (const code of Object.keys(TABLES)) expect(code).toMatch(/^[0-9A-Z]{5}$/)
  })

  test.each([
    ['42P07', 'create index i on t', '', 'CREATE INDEX IF NOT EXISTS'],
    ['42P07', 'create view v as', '', 'CREATE OR REPLACE VIEW'],
    ['42P07', 'create table t', '', 'IF NOT EXISTS passes over'],
    ['42P01', 'drop table t', '', 'IF EXISTS'],
    ['42P01', 'insert into t', '', 'natural order'],
    ['42701', 'alter table t add column a', '', 'ADD COLUMN IF NOT EXISTS'],
    ['42703', 'alter table t drop column a', '', 'DROP COLUMN IF EXISTS'],
    ['42710', 'create type t as enum', '', 'CREATE TYPE knows no IF NOT EXISTS'],
    ['42710', 'create policy p on t', '', 'DROP POLICY IF EXISTS'],
    ['42710', 'alter table t add constraint c', '', 'DROP CONSTRAINT IF EXISTS'],
    ['42804', 'alter table t alter column', 'column "a" cannot be cast automatically to type integer', 'USING'],
    ['42804', 'alter table t add foreign', 'foreign key constraint "f" cannot be implemented', 'the same type'],
    ['23502', 'alter table t alter column a set not null', '', 'UPDATE in front'],
    ['23502', 'alter table t add column a int not null', '', 'DEFAULT'],
    ['23503', 'alter table t add constraint c foreign key', '', 'NOT VALID'],
    ['23503', 'delete from t', '', 'ON DELETE CASCADE'],
    ['23503', 'insert into t', '', 'Write the row that is pointed to first'],
    ['23505', 'create unique index i on t', '', 'Remove the duplicates'],
    ['23505', 'insert into t', '', 'ON CONFLICT'],
    ['23514', 'insert into t', 'no partition of relation "t" found for row', 'partition'],
    ['22P02', 'alter table t alter column a type int', '', 'USING'],
    ['22001', 'alter table t alter column a type varchar', '', 'max(length(column))'],
    ['2BP01', 'drop table t', '', 'CASCADE'],
    ['2BP01', 'drop role r', '', 'REASSIGN OWNED'],
    ['0A000', 'alter table t', 'cannot alter type of a column used by a view or rule', 'Drop the view'],
    ['0A000', 'create extension x', 'extension "x" is not available', 'extension'],
    ['25001', 'vacuum', 'VACUUM cannot run inside a transaction block', '-- neon: no-transaction'],
    ['25001', 'set transaction', 'SET TRANSACTION ISOLATION LEVEL must be called before any query', 'first statement'],
    ['55006', 'alter table t', 'cannot ALTER TABLE "t" because it has pending trigger events', 'SET CONSTRAINTS'],
    ['42704', 'alter table t owner to r', 'role "r" does not exist', '--no-owner'],
  ])('%s of "%s" (%s): %s', (code, kind, message, words) => {
    expect(step(code, kind, message)).toContain(words)
  })

  test('an unknown code has the step of its class, an unknown class the plain one', () => {
    expect(step('23999')).toBe(STEPS_OF_CLASSES['23'])
    expect(step('ZZ999')).toBe('Correct the statement and push again.')
  })
})

import { expect, test } from '@jest/globals'
import { prepareTask } from '../../src/database/schema/decision/task.ts'
import { runChain } from '../../src/database/schema/execution/chain.ts'
import type { Session } from '../../src/database/schema/execution/session.ts'
import { applyOptions } from '../support/schema.ts'

const STATEMENTS: [what: string, write: (index: number) => string][] = [
  ['INSERT', (index) => `insert into n values (${index});`],
  ['DROP TABLE', (index) => `drop table if exists t${index};`],
  ['CREATE TABLE', (index) => `create table t${index} (i int references t${index});`],
  ['ALTER TABLE', (index) => `alter table t${index} add column c int;`],
  ['ADD VALUE', (index) => `alter type mood add value 'v${index}';`],
  ['ADD VALUE and what uses it', (index) => `alter type mood add value 'v${index}'; select 1;`],
  ['CREATE INDEX CONCURRENTLY', (index) => `create index concurrently i${index} on n (i);`],
  ['COPY', (index) => `copy n from stdin;\n${index}\n\\.\n`],
  ['DO', (index) => `do $$ begin raise notice 'n ${index}'; end $$;`],
  ['BEGIN and COMMIT', () => 'begin; commit;'],
]

function taskOf(write: (index: number) => string, count: number) {
  const text = Array.from({ length: count }, (_, index) => write(index)).join('\n')
  const options = applyOptions({ url: 'postgresql://nowhere/db', files: { '1.sql': text } })
  const [file] = options.source.files
  if (!file) throw new Error('there is no file')
  return () => prepareTask(file, undefined, options)
}

/** Milliseconds of the processor that the quicker of two runs took in this thread, whatever else the machine does. */
function cost(work: () => unknown): number {
  const times = [1, 2].map(() => {
    const before = process.cpuUsage()
    work()
    return process.cpuUsage(before).user / 1000
  })
  return Math.min(...times)
}

test.each(STATEMENTS)('to read and judge %s costs four times as much in four times as many statements', (_, write) => {
  const few = cost(taskOf(write, 2_500))
  expect(cost(taskOf(write, 10_000))).toBeLessThan(8 * few + 60)
})

test('of thousands of statements that destroy something, a hundred are told one by one', () => {
  const { notes } = taskOf((index) => `drop table t${index};`, 5_000)().result
  expect(notes).toHaveLength(101)
  expect(notes[99]).toBe('destroys data: DROP TABLE t99 (line 100)')
  expect(notes[100]).toBe('destroys data: 4900 more statements that drop or empty something')
})

test('while thousands of statements are sent, everything else has its turn, and a failure ends the sending', async () => {
  const { script, entry } = taskOf((index) => `insert into n values (${index});`, 20_000)()
  const turns: number[] = []
  let sent = 0
  const turn = () => {
    turns.push(sent)
    sent = 0
    timer = setImmediate(turn)
  }
  let timer = setImmediate(turn)
  // It only counts: what a server answers is not what this is about.
  const session: Session = {
    first: Promise.resolve([]),
    send: async () => [{ recorded_milliseconds: 1 }],
    run: async (text) => {
      sent += 1
      if (text.includes('(9000)')) throw new Error('the 9001st fails')
    },
    copy: async () => undefined,
    isOpen: () => true,
    close: async () => undefined,
    leave: async () => undefined,
  }
  const { failure } = await runChain(
    session,
    [{ entry, statements: script.statements, replace: false, observe: false }],
    {
      together: false,
      serverVersion: 180_000,
      relations: Promise.resolve(new Map()),
      onLink: () => undefined,
    },
  )
  clearImmediate(timer)
  expect(failure).toMatchObject({ step: 'statement', statement: 9000 })
  const all = turns.reduce((sum, count) => sum + count, sent)
  expect(Math.max(...turns)).toBeLessThanOrEqual(500)
  expect(all).toBeGreaterThan(9000)
  expect(all).toBeLessThanOrEqual(9500)
})

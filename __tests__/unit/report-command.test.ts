import { describe, expect, test } from '@jest/globals'
import { withoutTables } from '../../src/database/inspect/index.ts'
import type { CommandFailure, Fact, Report } from '../../src/model.ts'
import { commandBlock, commandOutput } from '../../src/report/command.ts'

const failure = (more: Partial<CommandFailure> = {}): CommandFailure => ({
  ...{ how: 'ended with exit code 3', told: ['ERROR:  no'], output: 'a\nb' },
  ...more,
})
const report = { error: { message: 'x', advice: 'Look at the log.' } } as Report

describe('a command that failed', () => {
  test('how it ended, the migration, the SQLSTATE, psql’s lines as they stand, and what to do', () => {
    const told = ['psql:db/2.sql:1: ERROR:  syntax error', 'LINE 1: create tabel', '               ^']
    expect(commandBlock(report, failure({ told, file: 'db/2.sql', sqlstate: '42601' }))).toBe(`> [!CAUTION]
> \`migrate_command\` ended with exit code 3 in \`db/2.sql\` (SQLSTATE \`42601\`)

\`\`\`
${told.join('\n')}
\`\`\`

**Next:** Look at the log.`)
  })

  test('one that said nothing has no empty block', () => {
    expect(commandBlock(report, failure({ told: [] }))).not.toContain('```')
    expect(commandOutput(failure({ output: '' }), false)).toBe('')
  })

  test('its output cannot end the fence or the fold', () => {
    const text = commandOutput(failure({ output: '```\n</details><img src=x>\n@team' }), false)
    expect(text).toMatch(/^<details><summary>Last 3 lines of migrate_command<\/summary>\n\n````\n/)
    expect(text).toMatch(/\n````\n\n<\/details>$/)
  })

  test.each([
    'DETAIL:  Key (mail)=(a@b.c) already exists.',
    "  detail: 'Key (mail)=(a@b.c) already exists.',",
    '"detail": "Key (mail)=(a@b.c) already exists."',
    'DETAIL:  Failing row contains (1, a@b.c).',
    'ERROR: no DETAIL: Failing row contains (1, a@b.c).',
    'CONTEXT:  COPY people, line 1, column mail: "a@b.c"',
  ])('%s: values of rows only with show_detail', (line) => {
    expect(commandOutput(failure({ output: `before\n${line}\nafter` }), false)).not.toContain('a@b.c')
    expect(commandOutput(failure({ output: `before\n${line}\nafter` }), true)).toContain('a@b.c')
  })

  test('a detail that is none stays', () => {
    expect(commandOutput(failure({ output: '  detail: undefined,' }), false)).toContain('detail: undefined,')
  })
})

describe('tables that are no tables of the user', () => {
  const fact = (kind: Fact['kind'], id: string, table: string | null = null): Fact => ({
    ...{ kind, id, table, definition: 'x' },
  })
  const ledger = [
    fact('schema', 'drizzle'),
    fact('table', 'drizzle."Log"', 'drizzle."Log"'),
    fact('column', 'drizzle."Log".id', 'drizzle."Log"'),
    fact('sequence', 'drizzle."Log_id_seq"', 'drizzle."Log"'),
  ]
  const books = [fact('schema', 'public'), fact('table', 'public.books', 'public.books')]

  test('go with what hangs on them, and with a schema that holds nothing else', () => {
    const snapshot = { hash: 'h', facts: [...ledger, ...books] }
    expect(withoutTables(snapshot, ['drizzle."Log"'])).toEqual({ hash: 'h', facts: books })
    expect(withoutTables(snapshot, [])).toBe(snapshot)
  })

  test('a schema in which the user has something stays', () => {
    const view = fact('view', 'drizzle.mine', 'drizzle.mine')
    expect(withoutTables({ hash: 'h', facts: [...ledger, view] }, ['drizzle."Log"']).facts).toEqual([ledger[0], view])
  })
})

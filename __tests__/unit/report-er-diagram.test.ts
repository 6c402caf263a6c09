import { beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Fact, SchemaDiff } from '../../src/model.ts'
import { erDiagram, renderComment, renderSummary } from '../../src/report/index.ts'
import { diagramsIn, loadMermaid, type ParseDiagram } from '../support/mermaid.ts'
import {
  closed,
  firstProvision,
  learnflow,
  nothingChanged,
  pullRequest,
  sqlError,
  tableFacts,
} from '../support/reports.ts'

let parse: ParseDiagram

beforeAll(async () => {
  parse = await loadMermaid()
})

const snapshot = (facts: Fact[]) => ({ hash: '', facts })
const entities = (text: string) => [...text.matchAll(/^ {2}t\d+\["(.*?)"\]/gm)].map((match) => match[1])

test('the parser is a real one: it refuses a broken diagram', async () => {
  await expect(parse('erDiagram\n  t1["x" {\n    int a\n  }')).rejects.toThrow(/Parse error/)
  await expect(parse('erDiagram\n  t1["direction TB"] {\n    int fk PK\n  }')).rejects.toThrow()
})

test('every diagram of the reports is valid', async () => {
  const options = { diagram: true, diff: true, showDetail: true }
  const reports = [firstProvision(), pullRequest(), sqlError(), nothingChanged(), closed()]
  const texts = reports.flatMap((report) => [renderComment(report, options), renderSummary(report, options)])
  const diagrams = texts.flatMap(diagramsIn)
  expect(diagrams).toHaveLength(4)
  for (const diagram of diagrams) expect(await parse(diagram)).toBe('er')
})

describe('without a diff', () => {
  test('all tables of LearnFlow with their keys and relations', async () => {
    const text = erDiagram(learnflow(), undefined)
    expect(await parse(text)).toBe('er')
    expect(entities(text)).toEqual(['users', 'exercises', 'submissions', 'learning_events', 'struggles'])
    expect(text).toContain('bigint id PK')
    expect(text).toContain('timestamptz created_at')
    expect(text).toContain('t3 }o--|| t1 : "user_id"')
    expect(text).not.toContain('classDef')
  })

  test('partitions are not drawn beside their table', () => {
    const part: Fact = {
      kind: 'table',
      id: 'public.p1',
      table: 'public.p1',
      definition: 'table\npartition of public.p FOR VALUES IN (1)',
    }
    expect(entities(erDiagram(snapshot([...tableFacts('p', [['id', 'int!']]), part]), undefined))).toEqual(['p'])
  })

  test('nothing for no table', () => {
    expect(erDiagram(snapshot([]), undefined)).toBe('')
  })

  test('a nullable foreign key may point to nothing', () => {
    const facts = [
      ...tableFacts('a', [['b_id', 'int', 'FK']], { b_id: 'b' }),
      ...tableFacts('b', [['id', 'int!', 'PK']]),
    ]
    expect(erDiagram(snapshot(facts), undefined)).toContain('t1 }o--o| t2 : "b_id"')
  })
})

describe('with a diff', () => {
  test('changed tables and their neighbours alone, each marked', async () => {
    const { snapshot: after, diff } = pullRequest()
    const facts = [...(after?.facts ?? []), ...tableFacts('unrelated', [['id', 'int!', 'PK']])]
    const text = erDiagram(snapshot(facts), diff)
    expect(await parse(text)).toBe('er')
    expect(entities(text).sort()).toEqual(
      [
        'submissions',
        'struggles',
        '✎ exercises',
        '✎ learning_events',
        '✎ users',
        '✚ course_exercises',
        '✚ courses',
      ].sort(),
    )
    expect(text).toContain('integer points "✚"')
    expect(text).toContain('text name "✖"')
    expect(text).toContain('bigint id PK "✎"')
    expect(text).toContain(':::added')
    // Of a neighbour only the keys.
    expect(text).not.toContain('text status')
  })

  test('a dropped table keeps its columns', async () => {
    const removed = (kind: 'table' | 'column', id: string, before: string) => ({
      action: 'removed' as const,
      kind,
      id,
      table: 'public.old',
      before,
    })
    const diff: SchemaDiff = {
      unified: '',
      changes: [
        removed('table', 'public.old', 'table'),
        removed('column', 'public.old.id', "numeric(10,2) default '1'::numeric not null"),
        removed('column', 'public.old."pk x"', 'timestamp with time zone not null'),
      ],
    }
    const text = erDiagram(learnflow(), diff)
    expect(await parse(text)).toBe('er')
    expect(entities(text)).toEqual(['✖ old'])
    expect(text).toContain('numeric(10‚2) id')
    expect(text).toContain('timestamptz')
    expect(text).toContain(':::removed')
  })

  test('a new foreign key on an old table is marked', () => {
    const facts = [
      ...tableFacts('a', [['b_id', 'int!', 'FK']], { b_id: 'b' }),
      ...tableFacts('b', [['id', 'int!', 'PK']]),
    ]
    const key = facts.find((fact) => fact.references)
    const diff: SchemaDiff = {
      unified: '',
      changes: [
        { action: 'added', kind: 'constraint', id: key?.id ?? '', table: 'public.a', after: key?.definition ?? '' },
      ],
    }
    expect(erDiagram(snapshot(facts), diff)).toContain('t1 }o--|| t2 : "✚ b_id"')
  })

  test('without colours for a server whose Mermaid is old', () => {
    const { snapshot: after, diff } = pullRequest()
    const text = erDiagram(after ?? learnflow(), diff, { colours: false })
    expect(text).not.toMatch(/classDef|:::/)
    expect(text).toContain('✚ courses')
  })
})

describe('caps', () => {
  const wide = (tables: number, columns: number) =>
    Array.from({ length: tables }, (_, table) =>
      tableFacts(
        `table_number_${table}`,
        Array.from({ length: columns }, (_, column) => [`column_number_${column}`, 'integer!'] as [string, string]),
        Object.fromEntries(
          Array.from({ length: 20 }, (_, other) => [`column_number_${other}`, `table_number_${other}`]),
        ),
      ),
    ).flat()

  test('1,000 tables with 60 columns: 30 tables, 12 columns and a count of the rest, under all limits', async () => {
    const text = erDiagram(snapshot(wide(1000, 60)), undefined)
    expect(await parse(text)).toBe('er')
    expect(entities(text)).toHaveLength(30)
    expect(text.length).toBeLessThanOrEqual(45_000)
    expect(text.match(/}o--/g)?.length).toBeLessThanOrEqual(200)
    expect(text).toContain('… and␣48␣more')
  })

  test('names of 63 wide characters still fit, with fewer tables', async () => {
    const long = '表'.repeat(60)
    const facts = Array.from({ length: 40 }, (_, index) =>
      tableFacts(
        `${long}${index}`,
        Array.from({ length: 12 }, (_, column) => [`${long}${column}`, `"${long}"`] as [string, string]),
      ),
    ).flat()
    const text = erDiagram(snapshot(facts), undefined)
    expect(await parse(text)).toBe('er')
    expect(text.length).toBeLessThanOrEqual(45_000)
    expect(entities(text).length).toBeGreaterThan(5)
  })
})

describe('identifiers with any character', () => {
  const NASTY = [
    'direction TB',
    'pk',
    'FK',
    'uk-x',
    'pké',
    '1st',
    '_',
    '__x__',
    '*b*',
    'a"b',
    "it's",
    '50%',
    '%%{init}%%',
    'a\\b',
    '<b>x</b>',
    'a#quot;b',
    '#35;',
    'x;y',
    'a|b',
    '`tick`',
    '{',
    '}',
    'a{b}',
    '[x](y)',
    'a:b',
    ':::added',
    'a\nb',
    'a\tb',
    '\u202eabc',
    'a\u200bb',
    '§ section',
    'naïve',
    '名前',
    '🦊',
    'end',
    'class',
    'style',
    'classDef',
    'erDiagram',
    'subgraph',
    'title',
    'accTitle: x',
    'one or more',
    'to',
    'many(0)',
    'u--',
    '~x~',
    '?',
    '-',
    '--',
    '.',
    '..',
    '$',
    '@',
    '1+',
    '"',
    '""',
    ' ',
  ]
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

  async function check(table: string, column: string, type: string): Promise<string> {
    const id = `public.${quoted(table)}`
    const facts: Fact[] = [
      { kind: 'table', id, table: id, definition: 'table' },
      {
        kind: 'column',
        id: `${id}.${quoted(column)}`,
        table: id,
        definition: type,
        column: { name: column, position: 1, type, key: 'PK' },
      },
      {
        kind: 'constraint',
        id: `${id}.k`,
        table: id,
        definition: `FOREIGN KEY (${quoted(column)}) REFERENCES ${id}(x)`,
        references: id,
      },
    ]
    const diff: SchemaDiff = {
      unified: '',
      changes: [{ action: 'added', kind: 'column', id: `${id}.${quoted(column)}`, table: id, after: type }],
    }
    const text = erDiagram(snapshot(facts), diff)
    expect(await parse(text)).toBe('er')
    expect(text).not.toMatch(/[\u202a-\u202e\u200b<>]/)
    return text
  }

  test.each(NASTY)('%j', async (name) => {
    await check(name, name, quoted(name))
  })

  test('any text as table, column and type', async () => {
    const any = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
      fc.string({ unit: fc.constantFrom(...'pkfu_-.*~`"\'\\%#;:|{}[]()<>&@!?, \n1aé'), minLength: 1, maxLength: 12 }),
      fc.constantFrom(...NASTY),
    )
    await fc.assert(
      fc.asyncProperty(any, any, any, async (table, column, type) => void (await check(table, column, type))),
      { numRuns: 300 },
    )
  })
})

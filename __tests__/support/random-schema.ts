import type { FactKind } from '../../src/model.ts'

/**
 * A database schema as plain data, written independently of the catalog queries under test: operations change it and give
 * the SQL that does the same to a database; {@link factsOf} says which facts the catalog must then show.
 */
export interface SchemaModel {
  next: number
  /** Identities given so far; {@link giveNumbers}. */
  numbers: number
  schemas: string[]
  tables: Table[]
  views: View[]
  /** Objects without parts: enums, domains, types, functions, sequences, extensions, event triggers, default privileges. */
  others: Other[]
}

interface Column {
  /** What it is known by, whatever its name. */
  number?: number
  name: string
  type: string
  notNull: boolean
  default?: string
  /** `identity` or a generation expression; such columns are otherwise left alone. */
  special?: string
  /** Name of a serial column's sequence. */
  sequence?: string
}

interface Member {
  number?: number
  kind: FactKind
  name: string
  columns: string[]
  token: string
  /** Of a foreign key: the number of the table it points to. */
  to?: number
  primary?: boolean
}

interface Table {
  number: number
  schema: string
  name: string
  options: string[]
  columns: Column[]
  members: Member[]
  grants: Record<string, string>
  comments: Record<string, string>
  /** Of a partitioned table's partition: its parent's number. */
  partitionOf?: number
  partitioned?: boolean
}

interface View {
  number?: number
  kind: 'view' | 'materialized view'
  schema: string
  name: string
  of: number
  column: string
  options?: string
}

interface Other {
  number?: number
  kind: FactKind
  id: string
  token: string
  /** Enum labels, domain checks, composite attributes: how many there are. */
  size: number
  /** SQL that drops it, where that is no plain DROP of its kind. */
  drop?: string
  /** SQL that changes it and changes it back. */
  changes?: [string, string]
}

/** Chooses among `count` things; 0 … count-1. */
export type Pick = (count: number) => number

/** Applies itself to the model and returns the SQL, or null where the model has nothing to apply it to. */
export type Operation = (model: SchemaModel, pick: Pick) => string | null

export const ROLES = ['reader', 'Odd "role', 'boss']
export const START: SchemaModel = { next: 1, numbers: 0, schemas: ['public'], tables: [], views: [], others: [] }
/** What every operation may rely on; hidden from the comparison by being on both sides. */
export const GROUND = `
${ROLES.map((role) => `do $$ begin create role ${identifier(role)}; exception when duplicate_object then null; end $$;`).join('\n')}
create function public.on_row() returns trigger language plpgsql as 'begin return new; end';
create function public.on_event() returns event_trigger language plpgsql as 'begin end';
${[1, 2, 3, 4, 5, 6, 7, 8].map((number) => `create type public.ct${number} as (a int);`).join(' ')}
create function public.eq(int, int) returns bool language sql immutable as 'select $1 = $2';
create foreign data wrapper base; create server base foreign data wrapper base;
create server base2 foreign data wrapper base; create server base3 foreign data wrapper base;`

const ODD = ['users', 'we"ird', 'a|b', 'Ünï', '`tick`', 'new\nline', 'x.y', "it's", '🎉', '-- c', ' to ', 'Select']
const TYPES = ['integer', 'bigint', 'text', 'numeric(10,2)', 'timestamp with time zone', 'jsonb', 'text[]']
const DEFAULTS: Record<string, string[]> = {
  integer: ['1', '2'],
  bigint: ["'7'::bigint"],
  text: ["'a'::text", "'b''c'::text"],
  jsonb: ["'{}'::jsonb"],
}

export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`
const path = (...names: string[]) => names.map(identifier).join('.')
const idOf = (table: Table) => path(table.schema, table.name)
const byNumber = (model: SchemaModel, number: number) => model.tables.find((table) => table.number === number)

/** Gives a number to everything that is new: an oid, in a word. */
export function giveNumbers(model: SchemaModel): void {
  const parts = model.tables.flatMap((table) => [...table.columns, ...table.members])
  for (const one of [...parts, ...model.views, ...model.others]) {
    if (one.number !== undefined) continue
    model.numbers += 1
    one.number = model.numbers
  }
}

/** What a comparison must know of one fact. */
interface Expected {
  kind: FactKind
  id: string
  /** What it is known by, whatever its name. */
  number: string
  /** Its own name with the numbers of what it belongs to: who has the same one took its place. */
  place: string
  /** Equal tokens mean an equal definition; in it others go by their numbers, so that their names do not matter. */
  token: string
}

/** What a schema consists of. */
export function factsOf(model: SchemaModel): Expected[] {
  const facts: Expected[] = []
  const add = (kind: FactKind, id: string, number: string, token: string, place = id) =>
    facts.push({ kind, id, number: `${kind} ${number}`, place: `${kind} ${place}`, token })
  for (const schema of model.schemas) add('schema', identifier(schema), schema, '')
  for (const { kind, id, token, number } of model.others) add(kind, id, `${number}`, token)
  for (const view of model.views) {
    const of = byNumber(model, view.of)
    const column = of?.columns.find(({ name }) => name === view.column)?.number
    add(view.kind, path(view.schema, view.name), `${view.number}`, `${view.of} ${column} ${view.options ?? ''}`)
  }
  for (const table of model.tables) for (const fact of factsOfTable(model, table)) add(...fact)
  return facts
}

type Args = [kind: FactKind, id: string, number: string, token: string, place?: string]

function factsOfTable(model: SchemaModel, table: Table): Args[] {
  const id = idOf(table)
  const parent = table.partitionOf === undefined ? undefined : byNumber(model, table.partitionOf)
  const numberOf = (column: string) => table.columns.find(({ name }) => name === column)?.number ?? column
  const facts: Args[] = [
    ['table', id, `${table.number}`, [...table.options].sort().join() + (parent ? ` of ${parent.number}` : '')],
  ]
  for (const column of table.columns) {
    const { name, type, notNull, special, sequence, number } = column
    const from = special?.startsWith('of ') ? `of ${numberOf(special.slice(3))}` : special
    const token = JSON.stringify([type, notNull, column.default, from, sequence !== undefined])
    if (!parent) facts.push(['column', `${id}.${identifier(name)}`, `${number}`, token, `${table.number} ${name}`])
    if (sequence) facts.push(['sequence', path(table.schema, sequence), `${number}`, `${table.number} ${number}`])
  }
  for (const member of table.members) {
    const local = member.kind === 'index' || member.kind === 'statistics'
    facts.push([
      member.kind,
      local ? path(table.schema, member.name) : `${id}.${identifier(member.name)}`,
      `${member.number}`,
      [member.token, member.columns.map(numberOf).join(), member.to ?? ''].join(' '),
      `${table.number} ${member.name}`,
    ])
  }
  const targets = (of: Record<string, string>, kind: 'privilege' | 'comment') =>
    Object.entries(of).map(([target, text]): Args => {
      const fullId = target.replace('%', () => id)
      const column = table.columns.find(({ name }) => onColumn(target, name))
      const known = column
        ? `${table.number} ${column.number} ${target.split(' to ').at(-1)}`
        : `${table.number} ${target}`
      return [kind, fullId, known, text, `${table.number} ${target}`]
    })
  return [...facts, ...targets(table.grants, 'privilege'), ...targets(table.comments, 'comment')]
}

const HOLDERS: readonly FactKind[] = ['table', 'column', 'sequence']

/**
 * `added table public.x`, `changed column public.t.b (was public.t.a)`, …: what a comparison of both must name, sorted. What
 * is there on both sides by number is the same; then by place, and a table or column is `(replaced)` there.
 */
export function expectedChanges(before: SchemaModel, after: SchemaModel): string[] {
  const [old, now] = [factsOf(before), factsOf(after)]
  const byNumber = new Map(old.map((fact) => [fact.number, fact]))
  const numbers = new Set(now.map(({ number }) => number))
  const left = new Map(old.filter(({ number }) => !numbers.has(number)).map((fact) => [fact.place, fact]))
  const lines = now.flatMap((fact): string[] => {
    const same = byNumber.get(fact.number)
    const other = same ? undefined : left.get(fact.place)
    if (other) left.delete(fact.place)
    const name = `${fact.kind} ${fact.id}`
    if (!same && !other) return [`added ${name}`]
    const from = same ? formerName(before, after, same, fact) : ''
    const replaced = other && HOLDERS.includes(fact.kind) ? ' (replaced)' : ''
    return from || replaced || (same ?? other)?.token !== fact.token ? [`changed ${name}${from}${replaced}`] : []
  })
  return [...lines, ...[...left.values()].map(({ kind, id }) => `removed ${kind} ${id}`)].sort()
}

/** ` (was …)` for what has another name of its own; tables and columns alone are renamed here. */
function formerName(before: SchemaModel, after: SchemaModel, was: Expected, is: Expected): string {
  if (was.id === is.id) return ''
  const own = (model: SchemaModel, fact: Expected) =>
    fact.kind === 'table'
      ? fact.id
      : model.tables.flatMap(({ columns }) => columns).find(({ number }) => `column ${number}` === fact.number)?.name
  if (is.kind !== 'table' && is.kind !== 'column') return ''
  return own(before, was) === own(after, is) ? '' : ` (was ${was.id})`
}

function fresh(model: SchemaModel, pick: Pick): string {
  model.next += 1
  return `${ODD[pick(ODD.length)]}${model.next}`
}

/** One of the things, or undefined when there is none. */
export function oneOf<T>(things: readonly T[], pick: Pick): T | undefined {
  return things.length === 0 ? undefined : things[pick(things.length)]
}

export const ordinary = (model: SchemaModel) =>
  model.tables.filter((table) => table.partitionOf === undefined && !table.partitioned)

/** Columns that nothing else depends on. */
export function freeColumns(model: SchemaModel, table: Table): Column[] {
  const taken = new Set([
    ...table.members.flatMap((member) => member.columns),
    ...model.views.filter((view) => view.of === table.number).map((view) => view.column),
    ...table.columns.flatMap(({ special }) => (special?.startsWith('of ') ? [special.slice(3)] : [])),
  ])
  return table.columns.filter((column) => !taken.has(column.name))
}

/** Grants and comments are kept under the fact's identity with `%` for the table: these are the ones on a column. */
function onColumn(target: string, column: string): boolean {
  return target === `table column %.${identifier(column)}` || target.startsWith(`column %.${identifier(column)} to `)
}

function mapColumnTargets(table: Table, column: string, to: (target: string) => string | null): void {
  const map = (record: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(record).flatMap(([target, value]) => {
        const mapped = onColumn(target, column) ? to(target) : target
        return mapped === null ? [] : [[mapped, value]]
      }),
    )
  table.grants = map(table.grants)
  table.comments = map(table.comments)
}

export function forgetColumn(table: Table, name: string): void {
  table.columns = table.columns.filter((column) => column.name !== name)
  mapColumnTargets(table, name, () => null)
}

export function moveColumnTargets(table: Table, from: string, to: string): void {
  mapColumnTargets(table, from, (target) => target.replace(`%.${identifier(from)}`, () => `%.${identifier(to)}`))
}

export type { Column, Member, Other, Table, View }
export { byNumber, DEFAULTS, fresh, idOf, literal, path, TYPES }

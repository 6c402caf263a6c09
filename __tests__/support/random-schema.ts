import type { FactKind } from '../../src/model.ts'

/**
 * A database schema as plain data, written independently of the catalog queries under test: operations change it and give
 * the SQL that does the same to a database; {@link factsOf} says which facts the catalog must then show.
 */
export interface SchemaModel {
  next: number
  schemas: string[]
  tables: Table[]
  views: View[]
  /** Objects without parts: enums, domains, types, functions, sequences, extensions, event triggers, default privileges. */
  others: Other[]
}

interface Column {
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
  kind: 'view' | 'materialized view'
  schema: string
  name: string
  of: number
  column: string
}

interface Other {
  kind: FactKind
  id: string
  token: string
  /** Enum labels, domain checks, composite attributes: how many there are. */
  size: number
}

/** Chooses among `count` things; 0 … count-1. */
export type Pick = (count: number) => number

/** Applies itself to the model and returns the SQL, or null where the model has nothing to apply it to. */
export type Operation = (model: SchemaModel, pick: Pick) => string | null

export const ROLES = ['reader', 'Odd "role', 'boss']
export const START: SchemaModel = { next: 1, schemas: ['public'], tables: [], views: [], others: [] }
/** What every operation may rely on; hidden from the comparison by being on both sides. */
export const GROUND = `
${ROLES.map((role) => `do $$ begin create role ${identifier(role)}; exception when duplicate_object then null; end $$;`).join('\n')}
create function public.on_row() returns trigger language plpgsql as 'begin return new; end';
create function public.on_event() returns event_trigger language plpgsql as 'begin end';`

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

/** `kind id` → what it is; equal tokens mean an equal definition. */
export function factsOf(model: SchemaModel): Map<string, string> {
  const facts = new Map<string, string>()
  const add = (kind: FactKind, id: string, token: string) => facts.set(`${kind} ${id}`, token)
  for (const schema of model.schemas) add('schema', identifier(schema), '')
  for (const { kind, id, token } of model.others) add(kind, id, token)
  for (const view of model.views) {
    const of = byNumber(model, view.of)
    add(view.kind, path(view.schema, view.name), `${of && idOf(of)} ${view.column}`)
  }
  for (const table of model.tables) {
    const id = idOf(table)
    const parent = table.partitionOf === undefined ? undefined : byNumber(model, table.partitionOf)
    add('table', id, [...table.options].sort().join() + (parent ? ` of ${idOf(parent)}` : ''))
    for (const column of table.columns) {
      const { name, type, notNull, special, sequence } = column
      if (!parent)
        add('column', `${id}.${identifier(name)}`, JSON.stringify([type, notNull, column.default, special, sequence]))
      if (sequence) add('sequence', path(table.schema, sequence), `${id} ${name}`)
    }
    for (const member of table.members) {
      const local = member.kind === 'index' || member.kind === 'statistics'
      const to = member.to === undefined ? undefined : byNumber(model, member.to)
      add(
        member.kind,
        local ? path(table.schema, member.name) : `${id}.${identifier(member.name)}`,
        [member.token, member.columns.join(), to ? idOf(to) : '', local ? id : ''].join(' '),
      )
    }
    for (const [target, rights] of Object.entries(table.grants))
      add(
        'privilege',
        target.replace('%', () => id),
        rights,
      )
    for (const [target, text] of Object.entries(table.comments))
      add(
        'comment',
        target.replace('%', () => id),
        text,
      )
  }
  return facts
}

/** `added table public.x`, …: what a comparison of both must name, sorted. */
export function expectedChanges(before: SchemaModel, after: SchemaModel): string[] {
  const [old, now] = [factsOf(before), factsOf(after)]
  return [
    ...[...old.keys()].filter((key) => !now.has(key)).map((key) => `removed ${key}`),
    ...[...now.keys()].filter((key) => !old.has(key)).map((key) => `added ${key}`),
    ...[...now].filter(([key, token]) => old.has(key) && old.get(key) !== token).map(([key]) => `changed ${key}`),
  ].sort()
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

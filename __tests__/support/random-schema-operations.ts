import type { FactKind } from '../../src/model.ts'
import {
  type Column,
  DEFAULTS,
  forgetColumn,
  freeColumns,
  fresh,
  identifier,
  idOf,
  literal,
  moveColumnTargets,
  type Operation,
  type Other,
  oneOf,
  ordinary,
  type Pick,
  path,
  ROLES,
  type SchemaModel,
  type Table,
  TYPES,
} from './random-schema.ts'
import { RARE_KINDS } from './random-schema-rare.ts'

type Picked<T, K extends keyof T> = { [P in K]: T[P] }

const READERS = ROLES.filter((role) => role !== 'boss')

const createTable: Operation = (model, pick) => {
  const schema = oneOf(model.schemas, pick) ?? 'public'
  const table: Table = {
    number: model.next,
    schema,
    name: fresh(model, pick),
    options: [],
    columns: [{ name: 'id', type: 'bigint', notNull: true, special: 'identity' }],
    members: [],
    grants: {},
    comments: {},
  }
  model.tables.push(table)
  const key = `${table.name.slice(0, 20)}_key`
  table.members.push({ kind: 'constraint', name: key, columns: ['id'], token: 'primary key', primary: true })
  return `create table ${idOf(table)} (id bigint generated always as identity constraint ${identifier(key)} primary key)`
}

const createPartitioned: Operation = (model, pick) => {
  const schema = oneOf(model.schemas, pick) ?? 'public'
  const columns = [
    { name: 'day', type: 'date', notNull: false },
    { name: 'n', type: 'integer', notNull: false, default: '0' },
  ]
  const blank = { schema, members: [], grants: {}, comments: {}, columns }
  const parent: Table = {
    ...blank,
    number: model.next,
    name: fresh(model, pick),
    options: ['range'],
    partitioned: true,
  }
  const part: Table = {
    ...structuredClone(blank),
    number: model.next,
    name: fresh(model, pick),
    options: ['part'],
    partitionOf: parent.number,
  }
  model.tables.push(parent, part)
  return `create table ${idOf(parent)} (day date, n integer default 0) partition by range (day);
    create table ${idOf(part)} partition of ${idOf(parent)} for values from ('2020-01-01') to ('2021-01-01')`
}

const addPartitionedColumn: Operation = (model, pick) => {
  const parent = oneOf(
    model.tables.filter((table) => table.partitioned),
    pick,
  )
  if (!parent) return null
  const column = { name: fresh(model, pick), type: 'text', notNull: false }
  for (const table of [parent, ...model.tables.filter((other) => other.partitionOf === parent.number)])
    table.columns.push({ ...column })
  return `alter table ${idOf(parent)} add column ${identifier(column.name)} text`
}

const indexPartitioned: Operation = (model, pick) => {
  const parent = oneOf(
    model.tables.filter((table) => table.partitioned),
    pick,
  )
  if (!parent) return null
  const name = fresh(model, pick)
  parent.members.push({ kind: 'index', name, columns: ['n'], token: 'index' })
  return `create index ${identifier(name)} on ${idOf(parent)} (n)`
}

const pointedTo = (model: SchemaModel, table: Table) =>
  model.tables.some((other) => other !== table && other.members.some((member) => member.to === table.number)) ||
  model.views.some((view) => view.of === table.number)

const dropTable: Operation = (model, pick) => {
  const table = oneOf(
    model.tables.filter((one) => one.partitionOf === undefined && !pointedTo(model, one)),
    pick,
  )
  if (!table) return null
  model.tables = model.tables.filter((other) => other !== table && other.partitionOf !== table.number)
  return `drop table ${idOf(table)}`
}

const renameTable: Operation = (model, pick) => {
  const table = oneOf(ordinary(model), pick)
  if (!table) return null
  const before = idOf(table)
  table.name = fresh(model, pick)
  return `alter table ${before} rename to ${identifier(table.name)}`
}

const alterTable: Operation = (model, pick) => {
  const table = oneOf(ordinary(model), pick)
  if (!table) return null
  const options: [string, string, string][] = [
    ['rls', 'enable row level security', 'disable row level security'],
    ['force', 'force row level security', 'no force row level security'],
    ['fillfactor', 'set (fillfactor = 50)', 'reset (fillfactor)'],
    ['replica', 'replica identity full', 'replica identity default'],
  ]
  const [option, on, off] = options[pick(options.length)] ?? ['', '', '']
  const has = table.options.includes(option)
  table.options = has ? table.options.filter((one) => one !== option) : [...table.options, option]
  return `alter table ${idOf(table)} ${has ? off : on}`
}

const addColumn: Operation = (model, pick) => {
  const table = oneOf(ordinary(model), pick)
  if (!table) return null
  const type = TYPES[pick(TYPES.length)] ?? 'text'
  const column: Column = { name: fresh(model, pick), type, notNull: pick(2) === 1 }
  const value = oneOf(DEFAULTS[type] ?? [], pick)
  if (value && pick(2) === 1) column.default = value
  table.columns.push(column)
  return `alter table ${idOf(table)} add column ${identifier(column.name)} ${type}${column.default ? ` default ${column.default}` : ''}${column.notNull ? ' not null' : ''}`
}

const addSerial: Operation = (model, pick) => {
  const table = oneOf(ordinary(model), pick)
  if (!table || table.columns.some(({ name }) => name === 's')) return null
  // PostgreSQL names the sequence so, if the name is free and short enough; tables' names are unique here.
  const sequence = `${table.name}_s_seq`
  if (model.tables.some((other) => other.columns.some((column) => column.sequence === sequence))) return null
  table.columns.push({ name: 's', type: 'integer', notNull: true, default: 'nextval', sequence })
  return `alter table ${idOf(table)} add column s serial`
}

const addGenerated: Operation = (model, pick) => {
  const table = oneOf(ordinary(model), pick)
  const source = table?.columns.find(({ type, special }) => type === 'integer' && !special)
  if (!table || !source) return null
  const name = fresh(model, pick)
  table.columns.push({ name, type: 'integer', notNull: false, special: `of ${source.name}` })
  return `alter table ${idOf(table)} add column ${identifier(name)} integer generated always as (${identifier(source.name)} * 2) stored`
}

/** An operation on a column that nothing depends on and that is of the plain sort. */
function onColumn(change: (table: Table, column: Column, model: SchemaModel, pick: Pick) => string | null): Operation {
  return (model, pick) => {
    const table = oneOf(ordinary(model), pick)
    const column =
      table &&
      oneOf(
        freeColumns(model, table).filter(({ special }) => !special),
        pick,
      )
    return table && column ? change(table, column, model, pick) : null
  }
}

const dropColumn = onColumn((table, column) => {
  forgetColumn(table, column.name)
  return `alter table ${idOf(table)} drop column ${identifier(column.name)}`
})

const renameColumn = onColumn((table, column, model, pick) => {
  const before = column.name
  const name = fresh(model, pick)
  moveColumnTargets(table, before, name)
  column.name = name
  return `alter table ${idOf(table)} rename column ${identifier(before)} to ${identifier(name)}`
})

/** A column of the same name and type, but another one. */
const moveColumn = onColumn((table, column) => {
  if (column.sequence || column.default) return null
  forgetColumn(table, column.name)
  const { number: _gone, ...anew } = column
  table.columns.push(anew)
  return `alter table ${idOf(table)} drop column ${identifier(column.name)};
    alter table ${idOf(table)} add column ${identifier(column.name)} ${column.type}${column.notNull ? ' not null' : ''}`
})

const alterType = onColumn((table, column) => {
  if (column.default) return null
  column.type = column.type === 'text' ? 'character varying(20)' : 'text'
  return `alter table ${idOf(table)} alter column ${identifier(column.name)} type ${column.type}`
})

const toggleNotNull = onColumn((table, column) => {
  column.notNull = !column.notNull
  return `alter table ${idOf(table)} alter column ${identifier(column.name)} ${column.notNull ? 'set' : 'drop'} not null`
})

const alterDefault = onColumn((table, column, _model, pick) => {
  const value = oneOf([undefined, ...(DEFAULTS[column.type] ?? [])], pick)
  if (column.sequence) return null
  delete column.default
  if (value) column.default = value
  return `alter table ${idOf(table)} alter column ${identifier(column.name)} ${value ? `set default ${value}` : 'drop default'}`
})

/** An operation that adds a named part to a table, given one of its columns. */
function addMember(
  kind: FactKind,
  tokens: string[],
  sql: (name: string, table: string, column: string, token: string, schema: string) => string,
): Operation {
  return (model, pick) => {
    const table = oneOf(ordinary(model), pick)
    const column =
      table &&
      oneOf(
        table.columns.filter(({ type }) => type !== 'jsonb'),
        pick,
      )
    const token = oneOf(tokens, pick)
    if (!table || !column || token === undefined) return null
    const name = fresh(model, pick)
    table.members.push({ kind, name, columns: [column.name], token })
    return sql(identifier(name), idOf(table), identifier(column.name), token, identifier(table.schema))
  }
}

const addForeignKey: Operation = (model, pick) => {
  const [from, to] = [oneOf(ordinary(model), pick), oneOf(ordinary(model), pick)]
  const column = from?.columns.find(({ type }) => type === 'bigint')
  if (!from || !to || !column || !to.members.some((member) => member.primary)) return null
  const name = fresh(model, pick)
  const token = oneOf(['', ' on delete cascade', ' deferrable', ' not valid'], pick) ?? ''
  from.members.push({ kind: 'constraint', name, columns: [column.name], token: `fk${token}`, to: to.number })
  return `alter table ${idOf(from)} add constraint ${identifier(name)} foreign key (${identifier(column.name)}) references ${idOf(to)} (id)${token}`
}

/** One of the kinds that are there, then one of that kind: else the frequent kinds would hide the rare ones. */
function oneOfKind<T extends { kind: FactKind }>(things: T[], pick: Pick): T | undefined {
  const kind = oneOf([...new Set(things.map((thing) => thing.kind))], pick)
  return oneOf(
    things.filter((thing) => thing.kind === kind),
    pick,
  )
}

const dropMember: Operation = (model, pick) => {
  const found = oneOfKind(
    ordinary(model).flatMap((of) =>
      of.members.filter(({ primary }) => !primary).map((one) => ({ kind: one.kind, of, one })),
    ),
    pick,
  )
  if (!found) return null
  const { of: table, one: member } = found
  table.members = table.members.filter((other) => other !== member)
  const name = identifier(member.name)
  if (member.kind === 'constraint') return `alter table ${idOf(table)} drop constraint ${name}`
  if (member.kind === 'index' || member.kind === 'statistics')
    return `drop ${member.kind} ${path(table.schema, member.name)}`
  return `drop ${member.kind} ${name} on ${idOf(table)}`
}

const changeMember: Operation = (model, pick) => {
  const found = oneOfKind(
    ordinary(model).flatMap((of) => of.members.filter(isChangeable).map((one) => ({ kind: one.kind, of, one }))),
    pick,
  )
  if (!found) return null
  const { of: table, one: member } = found
  const name = identifier(member.name)
  if (member.kind === 'policy') {
    member.token = `${member.token} altered`
    return `alter policy ${name} on ${idOf(table)} using (${member.token.length} > 0)`
  }
  if (member.kind === 'constraint') {
    member.token = `${member.token} valid`
    return `alter table ${idOf(table)} validate constraint ${name}`
  }
  if (member.kind === 'statistics') {
    // Another one of the same name.
    delete member.number
    member.token = member.token === 'expression' ? 'other' : 'expression'
    const full = path(table.schema, member.name)
    const column = identifier(member.columns[0] ?? '')
    const expression = member.token === 'other' ? `coalesce(null, ${column})` : `coalesce(${column}, null)`
    return `drop statistics ${full}; create statistics ${full} on (${expression}) from ${idOf(table)}`
  }
  const off = member.token.endsWith('off')
  member.token = off ? member.token.replace(/ off$/, '') : `${member.token} off`
  if (member.kind === 'index')
    return `alter index ${path(table.schema, member.name)} ${off ? 'reset (fillfactor)' : 'set (fillfactor = 50)'}`
  return `alter table ${idOf(table)} ${off ? 'enable' : 'disable'} ${member.kind} ${name}`
}

/** Of constraints, those checks that were not validated yet. */
const isChangeable = ({ kind, token }: { kind: FactKind; token: string }) =>
  kind !== 'constraint' || /^is (?:not )?null(?: or true)?$/.test(token)

const changeView: Operation = (model, pick) => {
  const view = oneOfKind(model.views, pick)
  if (!view) return null
  const option = view.kind === 'view' ? 'security_barrier' : 'fillfactor'
  const has = view.options === option
  view.options = has ? '' : option
  const value = view.kind === 'view' ? 'true' : '50'
  return `alter ${view.kind} ${path(view.schema, view.name)} ${has ? `reset (${option})` : `set (${option} = ${value})`}`
}

const grant: Operation = (model, pick) => {
  const table = oneOf(ordinary(model), pick)
  const role = oneOf(READERS, pick)
  if (!table || !role) return null
  const rights = ['select', 'insert', 'select, update', 'all'][pick(4)] ?? 'select'
  table.grants[`table % to ${identifier(role)}`] = rights
  return `revoke all on ${idOf(table)} from ${identifier(role)}; grant ${rights} on ${idOf(table)} to ${identifier(role)};
    ${columnGrants(table)}`
}

/** Revoking a right on a table revokes it on its columns too. */
function columnGrants(table: Table): string {
  return Object.entries(table.grants)
    .flatMap(([target, rights]) => {
      const [, column, role] = target.match(/^column %\.(.*) to (reader|"Odd ""role")$/s) ?? []
      return column ? [`grant ${rights} (${column}) on ${idOf(table)} to ${role};`] : []
    })
    .join(' ')
}

const revoke: Operation = (model, pick) => {
  const table = oneOf(ordinary(model), pick)
  const role = oneOf(READERS, pick)
  if (!table || !role) return null
  delete table.grants[`table % to ${identifier(role)}`]
  return `revoke all on ${idOf(table)} from ${identifier(role)}; ${columnGrants(table)}`
}

const grantColumn: Operation = (model, pick) => {
  const table = oneOf(ordinary(model), pick)
  const column = table && oneOf(table.columns, pick)
  const role = oneOf(READERS, pick)
  if (!table || !column || !role) return null
  table.grants[`column %.${identifier(column.name)} to ${identifier(role)}`] = 'select'
  return `grant select (${identifier(column.name)}) on ${idOf(table)} to ${identifier(role)}`
}

const changeOwner: Operation = (model, pick) => {
  const table = oneOf(ordinary(model), pick)
  if (!table) return null
  const owned = 'owner of table %' in table.grants
  if (owned) delete table.grants['owner of table %']
  else table.grants['owner of table %'] = 'boss'
  return `alter table ${idOf(table)} owner to ${owned ? 'current_user' : 'boss'}`
}

const comment: Operation = (model, pick) => {
  const table = oneOf(ordinary(model), pick)
  const column = table && oneOf([undefined, ...table.columns], pick)
  if (!table) return null
  const target = column ? `table column %.${identifier(column.name)}` : 'table %'
  const text = oneOf(["it's", 'two\nlines', ''], pick)
  if (text) table.comments[target] = text
  else delete table.comments[target]
  const on = column ? `column ${idOf(table)}.${identifier(column.name)}` : `table ${idOf(table)}`
  return `comment on ${on} is ${text ? literal(text) : 'null'}`
}

const createView: Operation = (model, pick) => {
  const table = oneOf(ordinary(model), pick)
  const column = table && oneOf(table.columns, pick)
  if (!table || !column) return null
  const view = { schema: table.schema, name: fresh(model, pick), of: table.number, column: column.name }
  const kind = pick(2) === 0 ? ('view' as const) : ('materialized view' as const)
  model.views.push({ kind, ...view })
  return `create ${kind} ${path(view.schema, view.name)} as select ${identifier(column.name)} as x from ${idOf(table)}`
}

const dropView: Operation = (model, pick) => {
  const view = oneOfKind(model.views, pick)
  if (!view) return null
  model.views = model.views.filter((other) => other !== view)
  return `drop ${view.kind} ${path(view.schema, view.name)}`
}

const createSchema: Operation = (model, pick) => {
  const name = fresh(model, pick)
  model.schemas.push(name)
  return `create schema ${identifier(name)}`
}

const dropSchema: Operation = (model, pick) => {
  const used = new Set([...model.tables.map(({ schema }) => schema), 'public'])
  const schema = oneOf(
    model.schemas.filter((name) => !used.has(name)),
    pick,
  )
  if (!schema) return null
  model.schemas = model.schemas.filter((name) => name !== schema)
  return `drop schema ${identifier(schema)}`
}

/** Makes an object that stands alone in the schema public; `make` may set its identity otherwise. */
function createOther(
  kind: FactKind,
  make: (id: string, pick: Pick) => { sql: string } & Partial<Picked<Other, 'id' | 'token' | 'drop' | 'changes'>>,
): Operation {
  return (model, pick) => {
    const id = path('public', fresh(model, pick))
    const made = make(id, pick)
    if (model.others.some((other) => other.kind === kind && other.id === made.id)) return null
    const { sql: _sql, ...known } = made
    model.others.push({ kind, id, token: '1', size: 1, ...known })
    return made.sql
  }
}

/** Changes one of the objects of a kind; `change` gets how many changes it had. */
function changeOther(kind: FactKind, change: (other: Other) => string): Operation {
  return (model, pick) => {
    const other = oneOf(
      model.others.filter((one) => one.kind === kind),
      pick,
    )
    if (!other) return null
    other.size += 1
    other.token = `${other.token} ${other.size}`
    return change(other)
  }
}

const functionSql = (id: string, body: string) =>
  `create or replace function ${id} returns integer language sql as $f$ select ${body} $f$`

const dropOther: Operation = (model, pick) => {
  const other = oneOfKind(model.others, pick)
  if (!other) return null
  model.others = model.others.filter((one) => one !== other)
  if (other.drop) return other.drop
  if (other.kind === 'privilege')
    return 'alter default privileges for role boss in schema public revoke select on tables from reader'
  const kind = { enum: 'type', type: 'type' }[other.kind as string] ?? other.kind
  return `drop ${kind} ${other.id}`
}

/** Changes one of the objects that say how, or changes it back. */
const changeAnyOther: Operation = (model, pick) => {
  const other = oneOfKind(
    model.others.filter(({ changes }) => changes),
    pick,
  )
  if (!other?.changes) return null
  const isChanged = other.token.endsWith(' changed')
  other.token = isChanged ? other.token.replace(/ changed$/, '') : `${other.token} changed`
  return other.changes[isChanged ? 1 : 0]
}

/** Every operation, by name; the name tells a failing run what it did. */
export const OPERATIONS: Record<string, Operation> = {
  createTable,
  createPartitioned,
  addPartitionedColumn,
  indexPartitioned,
  dropTable,
  renameTable,
  alterTable,
  addColumn,
  addColumnAgain: addColumn,
  addSerial,
  addGenerated,
  dropColumn,
  renameColumn,
  moveColumn,
  alterType,
  toggleNotNull,
  alterDefault,
  addCheck: addMember(
    'constraint',
    ['is not null', 'is null or true'],
    (name, table, column, token) => `alter table ${table} add constraint ${name} check (${column} ${token}) not valid`,
  ),
  addUnique: addMember(
    'constraint',
    ['unique'],
    (name, table, column) => `alter table ${table} add constraint ${name} unique (${column})`,
  ),
  addForeignKey,
  addIndex: addMember(
    'index',
    ['', 'unique', 'partial'],
    (name, table, column, token) =>
      `create ${token === 'unique' ? token : ''} index ${name} on ${table} (${column})${token === 'partial' ? ` where ${column} is not null` : ''}`,
  ),
  addStatistics: addMember(
    'statistics',
    ['expression'],
    (name, table, column, _token, schema) =>
      `create statistics ${schema}.${name} on (coalesce(${column}, null)) from ${table}`,
  ),
  addTrigger: addMember(
    'trigger',
    ['update', 'insert'],
    (name, table, _column, token) =>
      `create trigger ${name} before ${token} on ${table} for each row execute function public.on_row()`,
  ),
  addPolicy: addMember(
    'policy',
    ['select', 'all'],
    (name, table, column, token) =>
      `create policy ${name} on ${table} for ${token} to reader using (${column} is not null)`,
  ),
  addRule: addMember(
    'rule',
    ['delete'],
    (name, table) => `create rule ${name} as on delete to ${table} do also nothing`,
  ),
  dropMember,
  dropMemberAgain: dropMember,
  changeMember,
  changeMemberAgain: changeMember,
  changeView,
  grant,
  revoke,
  grantColumn,
  changeOwner,
  comment,
  createView,
  dropView,
  createSchema,
  dropSchema,
  createEnum: createOther('enum', (id) => ({ sql: `create type ${id} as enum ('a')` })),
  growEnum: changeOther('enum', ({ id, size }) => `alter type ${id} add value 'label ''${size}' before 'a'`),
  createDomain: createOther('domain', (id) => ({ sql: `create domain ${id} as text` })),
  changeDomain: changeOther(
    'domain',
    ({ id, size }) => `alter domain ${id} add constraint c${size} check (value <> 'x${size}')`,
  ),
  createComposite: createOther('type', (id) => ({ sql: `create type ${id} as (a integer)` })),
  createRange: createOther('type', (id, pick) => ({
    sql: `create type ${id} as range (subtype = ${['text', 'numeric'][pick(2)]}, multirange_type_name = ${id.replace(/("?)$/, '_m$1')})`,
    token: 'range',
  })),
  growComposite: (model, pick) => {
    const other = oneOf(
      model.others.filter(({ kind, token }) => kind === 'type' && token !== 'range'),
      pick,
    )
    if (!other) return null
    other.size += 1
    other.token += ' more'
    return `alter type ${other.id} add attribute a${other.size} text`
  },
  createFunction: createOther('function', (id, pick) => {
    const signature = `${id}(${['', 'integer', 'text,integer'][pick(3)]})`
    return { sql: functionSql(signature, '1'), id: signature }
  }),
  replaceFunction: changeOther('function', ({ id, size }) => functionSql(id, `${size}`)),
  createSequence: createOther('sequence', (id) => ({ sql: `create sequence ${id} as integer` })),
  alterSequence: changeOther('sequence', ({ id, size }) => `alter sequence ${id} increment by ${size}`),
  createEventTrigger: createOther('event trigger', (id) => {
    const name = id.slice('public.'.length)
    return { sql: `create event trigger ${name} on sql_drop execute function public.on_event()`, id: name }
  }),
  createExtension: createOther('extension', (_id, pick) => {
    const name = ['hstore', 'citext', 'pg_trgm'][pick(3)] ?? 'hstore'
    return { sql: `create extension ${name} schema public`, id: name }
  }),
  defaultPrivileges: createOther('privilege', () => ({
    sql: 'alter default privileges for role boss in schema public grant select on tables to reader',
    id: 'default tables of boss in schema public to reader',
  })),
  ...Object.fromEntries(RARE_KINDS.map(({ kind, make }) => [`create ${kind}`, createOther(kind, make)])),
  changeAnyOther,
  changeAnyOtherAgain: changeAnyOther,
  changeAnyOtherOften: changeAnyOther,
  dropOther,
  dropOtherAgain: dropOther,
  dropOtherOften: dropOther,
  dropOtherMore: dropOther,
}

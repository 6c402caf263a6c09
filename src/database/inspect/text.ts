import type { Fact, FactKind } from '../../model.ts'
import type { Block } from './unified.ts'

/** The order of the kinds in texts and lists: what others are built from comes first. */
const KIND_ORDER: readonly FactKind[] = [
  'schema',
  'extension',
  'access method',
  'language',
  'collation',
  'enum',
  'domain',
  'type',
  'function',
  'conversion',
  'operator',
  'operator family',
  'operator class',
  'cast',
  'transform',
  'text search parser',
  'text search template',
  'text search dictionary',
  'text search configuration',
  'foreign data wrapper',
  'server',
  'user mapping',
  'table',
  'column',
  'constraint',
  'index',
  'statistics',
  'sequence',
  'view',
  'materialized view',
  'rule',
  'trigger',
  'policy',
  'event trigger',
  'publication',
  'subscription',
  'large objects',
  'setting',
  'privilege',
  'comment',
  'security label',
  'object',
]
const PLACE_OF_KIND = new Map(KIND_ORDER.map((kind, place) => [kind, place]))
const orderOf = (kind: FactKind) => PLACE_OF_KIND.get(kind) ?? KIND_ORDER.length

/** Compares by plain code units: the same everywhere, whatever the machine's language. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Sorts facts and changes: by kind in {@link KIND_ORDER}, then by identity. */
export function byKind(a: { kind: FactKind; id: string }, b: { kind: FactKind; id: string }): number {
  return orderOf(a.kind) - orderOf(b.kind) || byText(a.id, b.id)
}

const WITHIN_PARENTHESES: ReadonlySet<FactKind> = new Set(['column', 'constraint'])
const WITH_BLOCK: ReadonlySet<FactKind> = new Set(['table', 'view', 'materialized view'])

/**
 * A schema as SQL-like text for people to compare, one block for each object of its own with all that belongs to it.
 * Every line within a table ends in a comma, so that adding one does not touch its neighbour. `placeOf` gives a column's
 * place, so that both sides of a comparison list the columns alike; `nameOf` the name that a block goes by, so that what was
 * renamed is compared with itself.
 */
export function toBlocks(
  facts: Fact[],
  placeOf: (column: Fact) => number,
  nameOf: (head: Fact) => string = (head) => head.id,
): Block[] {
  const owners = new Set(facts.filter((fact) => WITH_BLOCK.has(fact.kind)).map((fact) => fact.id))
  const members = new Map<string, Fact[]>()
  const heads: Fact[] = []
  for (const fact of facts) {
    if (WITH_BLOCK.has(fact.kind) || fact.table === null || !owners.has(fact.table)) heads.push(fact)
    else {
      const own = members.get(fact.table)
      if (own) own.push(fact)
      else members.set(fact.table, [fact])
    }
  }
  return heads.map((head) => {
    const own = (WITH_BLOCK.has(head.kind) ? (members.get(head.id) ?? []) : []).sort(byKind)
    const columns = own.filter((fact) => fact.kind === 'column').sort((a, b) => placeOf(a) - placeOf(b))
    const inside = [...columns, ...own.filter((fact) => fact.kind === 'constraint')]
    const outside = own.filter((fact) => !WITHIN_PARENTHESES.has(fact.kind))
    const text = [statement(head, inside), ...outside.map((fact) => statement(fact, []))].join('\n')
    return { key: `${String(orderOf(head.kind)).padStart(2, '0')} ${nameOf(head)}`, lines: [...text.split('\n'), ''] }
  })
}

/** The name of a fact within its table: its identity without the table's. */
const nameWithin = (fact: Fact) => (fact.table === null ? fact.id : fact.id.slice(fact.table.length + 1))

function statement(fact: Fact, inside: Fact[]): string {
  const { kind, id, definition } = fact
  switch (kind) {
    case 'table': {
      const [what, ...clauses] = definition.split('\n')
      const lines = inside.map(
        (part) => `    ${part.kind === 'constraint' ? 'constraint ' : ''}${nameWithin(part)} ${part.definition},`,
      )
      const body = lines.length > 0 ? [`create ${what} ${id} (`, ...lines, ')'] : [`create ${what} ${id}`]
      return `${[...body, ...clauses].join('\n')};`
    }
    case 'schema':
      return `create schema ${id};`
    case 'enum':
    case 'type':
      return `create type ${id} ${kind === 'enum' ? 'as ' : ''}${definition};`
    case 'domain':
      return `create domain ${id} as ${definition};`
    case 'extension':
    case 'sequence':
    case 'view':
    case 'materialized view':
    case 'event trigger':
    case 'language':
    case 'access method':
    case 'collation':
    case 'cast':
    case 'operator':
    case 'operator class':
    case 'operator family':
    case 'transform':
    case 'text search configuration':
    case 'text search dictionary':
    case 'text search parser':
    case 'text search template':
    case 'foreign data wrapper':
    case 'server':
    case 'user mapping':
    case 'publication':
    case 'subscription':
    case 'conversion':
      return `create ${kind} ${id} ${definition}`.trimEnd().concat(';')
    case 'setting':
      return `alter ${id} set ${definition};`
    case 'large objects':
      return `-- ${definition} large objects`
    case 'security label':
      return `security label on ${id} is '${definition.replaceAll("'", "''")}';`
    case 'function':
      return definition.startsWith('aggregate ') ? `create aggregate ${id}\n${definition};` : `${definition};`
    case 'policy':
      return `create policy ${nameWithin(fact)} on ${fact.table} ${definition};`
    case 'column':
    case 'constraint':
      return `alter table ${fact.table} add ${kind} ${nameWithin(fact)} ${definition};`
    case 'privilege':
      return privilegeStatement(id, definition)
    case 'comment':
      return `comment on ${id} is '${definition.replaceAll("'", "''")}';`
    default:
      return `${definition};`
  }
}

function privilegeStatement(id: string, definition: string): string {
  if (id.startsWith('owner of ')) return `alter ${id.slice('owner of '.length)} owner to ${definition};`
  if (definition === 'nothing') return `revoke all on ${id.replace(/ to (?!.* to )/, ' from ')};`
  const [, rights = definition, option = ''] = definition.match(/^(.*?)( with grant option| \(grant option.*)?$/) ?? []
  return `grant ${rights} on ${id}${option};`
}

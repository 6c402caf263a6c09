import type { Fact, SchemaChange, SchemaDiff, SchemaSnapshot } from '../model.ts'
import { groupChanges } from './changes.ts'
import { erAttribute, erLabel, erType } from './er-names.ts'
import { partName, shortName } from './object-names.ts'

/** How much may be drawn. Mermaid refuses more than 50,000 characters and 500 edges (its config `maxTextSize`, `maxEdges`). */
export interface ErOptions {
  /** Most tables; 30 unless told. */
  tables?: number
  /** Most columns of a table; 12 unless told. */
  columns?: number
  /** Most edges; 200 unless told. */
  edges?: number
  /** Most characters; 45,000 unless told. */
  characters?: number
  /** Coloured frames; needs Mermaid 11.5, which github.com has and an old GitHub Enterprise Server may not. */
  colours?: boolean
}

type Mark = SchemaChange['action'] | 'same'

interface Attribute {
  name: string
  type: string
  key: '' | 'PK' | 'FK' | 'UK'
  mark: Mark
  position: number
}

interface Entity {
  id: string
  mark: Mark
  attributes: Attribute[]
}

interface Edge {
  from: string
  to: string
  label: string
  optional: boolean
  mark: Mark
}

const SIGNS: Record<Mark, string> = { added: '✚ ', removed: '✖ ', changed: '✎ ', same: '' }
const STYLES = [
  'classDef added stroke:#2da44e,stroke-width:3px',
  'classDef changed stroke:#bf8700,stroke-width:3px',
  'classDef removed stroke:#cf222e,stroke-width:3px,stroke-dasharray:6',
]

/**
 * A Mermaid `erDiagram` of the tables that changed and their neighbours by foreign key; without a diff, or with one that
 * touches no table, of the first tables. ✚ is new, ✎ changed, ✖ dropped. Empty when there is no table to draw.
 */
export function erDiagram(snapshot: SchemaSnapshot, diff: SchemaDiff | undefined, options: ErOptions = {}): string {
  for (let tables = options.tables ?? 30; tables > 0; tables = Math.floor(tables / 2)) {
    const text = draw(snapshot, diff, { ...options, tables })
    if (text.length <= (options.characters ?? 45_000)) return text
  }
  return ''
}

function draw(snapshot: SchemaSnapshot, diff: SchemaDiff | undefined, options: ErOptions & { tables: number }): string {
  const edges = allEdges(snapshot, diff)
  const entities = chooseEntities(snapshot, diff, edges, options.tables)
  if (entities.length === 0) return ''
  const names = new Map(entities.map((entity, index) => [entity.id, `t${index + 1}`]))
  const shown = edges.filter((edge) => names.has(edge.from) && names.has(edge.to)).slice(0, options.edges ?? 200)
  const colours = options.colours ?? true
  return [
    'erDiagram',
    ...entities.map((entity) => entityText(entity, names.get(entity.id) ?? '', options.columns ?? 12, colours)),
    ...shown.map((edge) => edgeText(edge, names)),
    ...(colours && entities.some((entity) => entity.mark !== 'same') ? STYLES.map((style) => `  ${style}`) : []),
  ].join('\n')
}

function chooseEntities(snapshot: SchemaSnapshot, diff: SchemaDiff | undefined, edges: Edge[], most: number): Entity[] {
  const groups = new Map(
    groupChanges(diff).tables.flatMap((group) => (group.kind === 'table' ? [[group.table, group]] : [])),
  )
  const existing = new Set(snapshot.facts.filter((fact) => fact.kind === 'table').map((fact) => fact.id))
  const parts = snapshot.facts.filter((fact) => fact.kind === 'table' && /^partition of /m.test(fact.definition))
  const partitions = new Set(parts.map((fact) => fact.id))
  const changed = [...groups.keys()].filter((id) => existing.has(id) || groups.get(id)?.action === 'removed')
  const near = edges.flatMap((edge) => (groups.has(edge.from) || groups.has(edge.to) ? [edge.from, edge.to] : []))
  const neighbours = near.filter((id) => existing.has(id) && !groups.has(id))
  const ids = changed.length > 0 ? [...changed, ...neighbours] : [...existing].filter((id) => !partitions.has(id))
  return [...new Set(ids)].slice(0, most).map((id) => {
    const group = groups.get(id)
    const attributes = attributesOf(id, snapshot, diff)
    const mark: Mark = group?.action ?? 'same'
    // Of a neighbour the keys are enough; and inside a new or dropped table every column is, so no marks there.
    const focused = mark === 'same' && changed.length > 0 ? attributes.filter((one) => one.key !== '') : attributes
    const plain = mark === 'added' || mark === 'removed'
    return { id, mark, attributes: plain ? focused.map((one) => ({ ...one, mark: 'same' as const })) : focused }
  })
}

function attributesOf(table: string, snapshot: SchemaSnapshot, diff: SchemaDiff | undefined): Attribute[] {
  const changes = (diff?.changes ?? []).filter((change) => change.kind === 'column' && change.table === table)
  const marks = new Map(changes.map((change) => [change.id, change.action]))
  const present = snapshot.facts.flatMap((fact): Attribute[] =>
    fact.kind === 'column' && fact.table === table && fact.column
      ? [{ ...fact.column, mark: marks.get(fact.id) ?? 'same' }]
      : [],
  )
  const dropped = changes
    .filter((change) => change.action === 'removed')
    .map((change, index): Attribute => {
      const type =
        (change.before ?? '').replace(
          / (?:not null|default|generated|collate|storage|compression|options)\b.*$/is,
          '',
        ) || 'unknown'
      return { name: partName(change.id, table), type, key: '', mark: 'removed', position: 100_000 + index }
    })
  return [...present, ...dropped].sort((a, b) => a.position - b.position)
}

function allEdges(snapshot: SchemaSnapshot, diff: SchemaDiff | undefined): Edge[] {
  const added = new Set((diff?.changes ?? []).filter((one) => one.action === 'added').map((one) => one.id))
  const required = new Set(
    snapshot.facts
      .filter((fact) => fact.kind === 'column' && /\bnot null\b/i.test(fact.definition))
      .map((fact) => fact.id),
  )
  return snapshot.facts.flatMap((fact: Fact): Edge[] => {
    if (!fact.references || !fact.table) return []
    const columns = /FOREIGN KEY \(([^)]*)\)/i.exec(fact.definition)?.[1] ?? ''
    const optional = columns.split(', ').some((column) => !required.has(`${fact.table}.${column}`))
    const mark = added.has(fact.id) && !added.has(fact.table) ? 'added' : 'same'
    return [{ from: fact.table, to: fact.references, label: columns || 'references', optional, mark }]
  })
}

function entityText(entity: Entity, name: string, most: number, colours: boolean): string {
  const chosen = important(entity.attributes, most)
  const left = entity.attributes.length - chosen.length
  const lines = chosen.map((one) => {
    const key = one.key ? ` ${one.key}` : ''
    const mark = one.mark === 'same' ? '' : ` "${SIGNS[one.mark].trim()}"`
    return `    ${erType(one.type)} ${erAttribute(one.name)}${key}${mark}`
  })
  if (left > 0) lines.push(`    … ${erAttribute(`and ${left} more`)}`)
  const style = colours && entity.mark !== 'same' ? `:::${entity.mark}` : ''
  const head = `  ${name}["${SIGNS[entity.mark]}${erLabel(shortName(entity.id))}"]${style}`
  return lines.length > 0 ? `${head} {\n${lines.join('\n')}\n  }` : head
}

/** The columns to show, in their order: changed ones first, then keys, then the rest. */
function important(attributes: Attribute[], most: number): Attribute[] {
  if (attributes.length <= most) return attributes
  const weight = (one: Attribute) => (one.mark !== 'same' ? 0 : one.key ? 1 : 2)
  const chosen = new Set([...attributes].sort((a, b) => weight(a) - weight(b)).slice(0, most))
  return attributes.filter((one) => chosen.has(one))
}

function edgeText(edge: Edge, names: Map<string, string>): string {
  const label = `${SIGNS[edge.mark]}${edge.label.split(', ').map(erLabel).join('‚')}`
  return `  ${names.get(edge.from)} }o--${edge.optional ? 'o|' : '||'} ${names.get(edge.to)} : "${label}"`
}

import type { Fact, SchemaSnapshot } from '../../model.ts'

/**
 * A snapshot without the facts of some tables (`places`: qualified, quoted where SQL needs it), of what hangs on them, and
 * of schemas that hold nothing else. Its hash is that of the whole: other hashes mean no more than that there is something to
 * compare.
 */
export function withoutTables(snapshot: SchemaSnapshot, places: readonly string[]): SchemaSnapshot {
  const hidden = new Set(places)
  const rest = snapshot.facts.filter(({ table, id }) => !hidden.has(table ?? '') && !hidden.has(id))
  if (rest.length === snapshot.facts.length) return snapshot
  const schemas = new Set(places.map(schemaOf))
  const used = new Set(
    rest.filter(({ kind }) => kind !== 'schema' && kind !== 'privilege').map(({ id }) => schemaOf(id)),
  )
  const isEmptied = ({ kind, id }: Fact) => kind === 'schema' && id !== 'public' && schemas.has(id) && !used.has(id)
  return { ...snapshot, facts: rest.filter((fact) => !isEmptied(fact)) }
}

/** The first part of a qualified name, quoted as it is there. */
function schemaOf(id: string): string {
  return /^(?:"(?:[^"]|"")*"|[^."]+)/.exec(id)?.[0] ?? ''
}

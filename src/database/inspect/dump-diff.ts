import type { Fact, SchemaChange, SchemaDiff } from '../../model.ts'
import { type DumpStatement, dumpStatements } from './dump-facts.ts'
import { byKind, byText } from './text.ts'
import { type Block, unifiedDiff } from './unified.ts'

/**
 * What turns the schema of one dump into that of another: every thing that is only there, only here, or written otherwise, and
 * the dumps' own SQL as one unified diff. The action's own schema is left out of both. Equal dumps are no difference.
 */
export function diffDumps(before: string, after: string): SchemaDiff {
  const old = dumpStatements(before)
  const now = dumpStatements(after)
  const changes = changesBetween(gather(old), gather(now))
  // Owners and the order of columns are lines of a dump and no difference.
  return { changes, unified: changes.length === 0 ? '' : unifiedDiff(blocksOf(old), blocksOf(now), byText) }
}

/** The facts by what they are; what several statements say of one thing is joined. */
function gather(statements: DumpStatement[]): Map<string, Fact> {
  const facts = new Map<string, Fact>()
  for (const fact of statements.flatMap((statement) => statement.facts)) {
    const key = `${fact.kind} ${fact.id}`
    const known = facts.get(key)
    facts.set(key, known ? { ...known, definition: `${known.definition} ${fact.definition}` } : fact)
  }
  return facts
}

function changesBetween(old: Map<string, Fact>, now: Map<string, Fact>): SchemaChange[] {
  return [...new Set([...old.keys(), ...now.keys()])]
    .flatMap((key): SchemaChange[] => {
      const before = old.get(key)
      const after = now.get(key)
      const fact = after ?? before
      if (!fact || before?.definition === after?.definition) return []
      return [
        {
          action: before && after ? 'changed' : after ? 'added' : 'removed',
          ...{ kind: fact.kind, id: fact.id, table: fact.table },
          ...(before ? { before: before.definition } : {}),
          ...(after ? { after: after.definition } : {}),
        },
      ]
    })
    .sort(byKind)
}

/** One block for each statement, those of one object beside each other. */
function blocksOf(statements: DumpStatement[]): Block[] {
  const seen = new Map<string, number>()
  return statements.map(({ key, text }) => {
    const count = seen.get(key) ?? 0
    seen.set(key, count + 1)
    return { key: `${key} ${String(count).padStart(6, '0')}`, lines: [...`${text};`.split('\n'), ''] }
  })
}

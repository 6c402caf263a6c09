import { blocksOf } from '../../src/database/inspect/diff.ts'
import { pairFacts } from '../../src/database/inspect/pair.ts'
import { byText } from '../../src/database/inspect/text.ts'
import type { Block } from '../../src/database/inspect/unified.ts'
import type { SchemaSnapshot } from '../../src/model.ts'

/**
 * Applies a unified diff as `patch` does with no fuzz: every context and removed line must be where the hunk says.
 * Throws an Error where it is not.
 */
export function applyUnified(text: string, diff: string): string {
  if (diff === '') return text
  const old = text.split('\n')
  const lines = diff.split('\n').slice(2, -1)
  const output: string[] = []
  let consumed = 0
  let left = { old: 0, now: 0 }
  for (const line of lines) {
    const header = line.match(/^@@ -(\d+),(\d+) \+(\d+),(\d+) @@/)
    if (header && left.old === 0 && left.now === 0) {
      const [oldStart, oldCount, newStart, newCount] = header.slice(1).map(Number) as [number, number, number, number]
      const until = oldCount === 0 ? oldStart : oldStart - 1
      output.push(...old.slice(consumed, until))
      consumed = until
      if (output.length !== (newCount === 0 ? newStart : newStart - 1))
        throw new Error(`Hunk ${line} does not fit the new text.`)
      left = { old: oldCount, now: newCount }
      continue
    }
    const [side, rest] = [line[0], line.slice(1)]
    if (side !== '+') {
      if (old[consumed] !== rest)
        throw new Error(`Expected ${JSON.stringify(rest)}, found ${JSON.stringify(old[consumed])}.`)
      consumed += 1
      left.old -= 1
    }
    if (side !== '-') {
      output.push(rest)
      left.now -= 1
    }
  }
  if (left.old !== 0 || left.now !== 0) throw new Error('A hunk is shorter than its header says.')
  return [...output, ...old.slice(consumed)].join('\n')
}

/** The two texts that the unified diff of two snapshots speaks of. */
export function textsForDiff(before: SchemaSnapshot, after: SchemaSnapshot): { old: string; now: string } {
  const { old, now } = blocksOf(pairFacts(before, after))
  const text = (blocks: Block[]) =>
    `${blocks
      .toSorted((a, b) => byText(a.key, b.key))
      .flatMap(({ lines }) => lines)
      .join('\n')}\n`
  return { old: text(old), now: text(now) }
}

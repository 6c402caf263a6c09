import type { Pair, YAMLMap } from 'yaml'
import type { Edit } from './edits.ts'
import { offsetOf } from './workflow-file.ts'

/** An expression as a workflow writes it. */
export function expression(inner: string): string {
  return ['$', `{{ ${inner} }}`].join('')
}

/** What ends a line in this file. */
export function lineEnd(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n'
}

/** The blanks before an offset in its line; other characters count as blanks, as the dash of a list does. */
export function indentAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  return ' '.repeat(offset - start)
}

/** Inserts a key before another one of its map, in the style of the map. The value is one line. */
export function insertBefore(text: string, map: YAMLMap, pair: Pair, [key, value]: [string, string]): Edit {
  const at = offsetOf(pair.key)
  if (map.flow) {
    const quoted = /[{}[\],&*#?|<>=!%@:]/.test(value) ? `"${value}"` : value
    return { start: at, end: at, text: `${key}: ${quoted}, ` }
  }
  return { start: at, end: at, text: `${key}: ${value}${lineEnd(text)}${indentAt(text, at)}` }
}

/** Inserts a map of one level as the value of a new key, before another key. */
export function insertMapBefore(
  text: string,
  map: YAMLMap,
  pair: Pair,
  [key, entries]: [string, Record<string, string>],
): Edit {
  const at = offsetOf(pair.key)
  const lines = Object.entries(entries).map(([name, value]) => `${name}: ${value}`)
  if (map.flow) return { start: at, end: at, text: `${key}: { ${lines.join(', ')} }, ` }
  const indent = indentAt(text, at)
  const end = lineEnd(text)
  return {
    start: at,
    end: at,
    text: `${key}:${end}${lines.map((line) => `${indent}  ${line}${end}`).join('')}${indent}`,
  }
}

/** Turns the one line of a pair in a block map into a comment; undefined where it has more lines, or is in a flow map. */
export function commentOut(text: string, map: YAMLMap, pair: Pair): Edit | undefined {
  const start = offsetOf(pair.key)
  const [, end = start] = (pair.value as { range?: [number, number, number] } | null)?.range ?? []
  if (map.flow || text.slice(start, end).includes('\n')) return undefined
  return { start, end: start, text: '# ' }
}

/** Replaces a scalar's text, quotes kept. */
export function replaceScalar(text: string, node: unknown, value: string): Edit {
  const [start, end] = (node as { range: [number, number, number] }).range
  const quote = /^['"]/.exec(text.slice(start, end))?.[0] ?? ''
  return { start, end, text: `${quote}${value}${quote}` }
}

import type { Judgement, Verdict } from './judge.ts'

/** One of our steps, judged. */
export interface Row extends Judgement {
  file: string
  event: string
  step: string
}

const WORST: Verdict[] = ['broke', 'false statement', 'notice', 'unchanged']

/** The verdict of a file: the worst of its steps. */
export function verdictOf(rows: readonly Row[]): Verdict {
  return WORST.find((verdict) => rows.some((row) => row.verdict === verdict)) ?? 'unchanged'
}

/** How many files have each verdict, and how many have an end that nobody asked for. */
export function countFiles(rows: readonly Row[]): Record<Verdict | 'unasked end', number> {
  const files = filesOf(rows)
  const count = (verdict: Verdict) => files.filter((file) => verdictOf(file.rows) === verdict).length
  return {
    unchanged: count('unchanged'),
    notice: count('notice'),
    'false statement': count('false statement'),
    broke: count('broke'),
    'unasked end': files.filter((file) => file.rows.some(({ unaskedEnd }) => unaskedEnd)).length,
  }
}

function filesOf(rows: readonly Row[]): { file: string; rows: Row[] }[] {
  const names = [...new Set(rows.map(({ file }) => file))]
  return names.map((file) => ({ file, rows: rows.filter((row) => row.file === file) }))
}

/** The result as text: a line for each file, what is wrong below it, and the counts. */
export function renderTable(rows: readonly Row[]): string {
  const lines = filesOf(rows).flatMap(({ file, rows: own }) => {
    const besides = [...new Set(own.flatMap((row) => row.besides))]
    const ends = own.some(({ unaskedEnd }) => unaskedEnd) ? ['an end that nobody asked for'] : []
    const said = groupByReason(own)
    const head = `${verdictOf(own).padEnd(16)}${file.padEnd(28)}${own.length} steps${[...ends, ...besides].map((text) => `; ${text}`).join('')}`
    return [head, ...said]
  })
  const counts = Object.entries(countFiles(rows)).map(([name, count]) => `${count} ${name}`)
  return `${lines.join('\n')}\n\n${filesOf(rows).length} files: ${counts.join(', ')}\n`
}

const LONGEST_REASON = 150

/** One line for each thing that is said, with all the events it is said of. */
function groupByReason(rows: readonly Row[]): string[] {
  const events = new Map<string, string[]>()
  for (const { event, step, reasons } of rows) {
    for (const reason of reasons) {
      const key = `${step}: ${reason.slice(0, LONGEST_REASON)}`
      events.set(key, [...(events.get(key) ?? []), event])
    }
  }
  return [...events].map(([key, names]) => `    ${[...new Set(names)].join(', ')} · ${key}`)
}

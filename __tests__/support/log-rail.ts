/**
 * What is wrong with the log of a run, as the run's page shows it: empty groups, a group inside another, an error that stands
 * there twice, and nouns whose number does not fit.
 * @param log the shown log, in which commands are `##[group]…`.
 */
export function logFaults(log: string): string[] {
  const faults: string[] = []
  let open: { title: string; lines: number } | undefined
  const errors: string[] = []
  for (const line of log.split('\n')) {
    const [, kind = '', text = ''] = /^##\[(\w+)\](.*)$/.exec(line) ?? []
    if (kind === 'group') {
      if (open) faults.push(`group "${text}" inside "${open.title}"`)
      open = { title: text, lines: 0 }
      continue
    }
    if (kind === 'endgroup') {
      if (open?.lines === 0) faults.push(`group "${open.title}" is empty`)
      open = undefined
      continue
    }
    if (kind === 'error') errors.push(text)
    if (open && line.trim() !== '' && !/^\((?:[\d.]+ s|\d+ min \d+ s)\)$/.test(line)) open.lines += 1
    for (const [found] of line.matchAll(WRONG_NUMBER)) faults.push(`"${found}" in: ${line}`)
  }
  if (open) faults.push(`group "${open.title}" has no end`)
  for (const error of new Set(errors)) {
    const count = log.split(error).length - 1
    if (count > 1) faults.push(`told ${count} times: ${error}`)
  }
  return faults
}

const NOUNS = 'file|table|statement|row|branch|change|column|index|migration|warning|privilege|day|comment|key'
// `1 files`, `2 file`, `0 table`; not `1 file`, not the number of a version or a line (`0.1 files`, `:12 table`).
const WRONG_NUMBER = new RegExp(
  `(?<![\\w.:#])(?:1 (?:${NOUNS})e?s|(?:0|[2-9]|[1-9][\\d,]*\\d) (?:${NOUNS}))\\b(?![-\\w])`,
  'g',
)

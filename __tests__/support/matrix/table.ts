import { execFileSync } from 'node:child_process'
import { type Cell, callName, nameOf } from './cells.ts'
import { HTTP_FAULTS, SQL_FAULTS } from './faults.ts'
import { PLAYS } from './modes.ts'
import type { Ending } from './play-cells.ts'

type Outcome = Ending['outcome']

const MARKS: Record<Outcome, string> = { same: '=', next: '>', unmet: '?', violation: '!' }

/**
 * The endings as text: for each play its calls, for each fault two marks, of the fault once and lasting. `=` the run got over
 * it; `>` it failed with a clear sentence and the next run converged; `?` the call did not come; `!` a violation, told below.
 */
export function renderTable(endings: readonly Ending[]): string {
  const lines: string[] = []
  for (const [title, faults] of [
    ['HTTP', HTTP_FAULTS],
    ['SQL', SQL_FAULTS],
  ] as const) {
    const own = endings.filter(({ cell }) => (cell.call.server === 'sql') === (title === 'SQL'))
    if (own.length > 0)
      lines.push(
        ...renderPart(
          title,
          own,
          faults.map(({ name }) => name),
        ),
        '',
      )
  }
  const violations = endings.filter(({ outcome }) => outcome === 'violation')
  lines.push(...violations.map(({ cell, said }) => `VIOLATION ${nameOf(cell)}: ${said}`))
  return `${[...lines, countLine(endings)].join('\n')}\n`
}

const CALL_WIDTH = 84

function renderPart(title: string, endings: readonly Ending[], faults: readonly string[]): string[] {
  const head = faults.map((name, index) => `${String.fromCharCode(97 + index)} ${name}`).join(', ')
  const lines = [`${title}: ${head}`]
  for (const play of PLAYS) {
    const own = endings.filter(({ cell }) => cell.play === play)
    if (own.length === 0) continue
    lines.push(
      `${`  ${play}`.padEnd(CALL_WIDTH)}${faults.map((_, index) => ` ${String.fromCharCode(97 + index)} `).join('')}`,
    )
    for (const call of [...new Set(own.map(({ cell }) => callName(cell.call)))].sort()) {
      const marks = faults.map((fault) => ` ${markOf(own, call, fault, false)}${markOf(own, call, fault, true)}`)
      lines.push(`    ${call.slice(0, CALL_WIDTH - 5)}`.padEnd(CALL_WIDTH) + marks.join(''))
    }
  }
  return lines
}

function markOf(endings: readonly Ending[], call: string, fault: string, lasting: boolean): string {
  const is = (cell: Cell) => callName(cell.call) === call && cell.fault.name === fault && cell.lasting === lasting
  const found = endings.find(({ cell }) => is(cell))
  return found ? MARKS[found.outcome] : ' '
}

const countOf = (endings: readonly Ending[], outcome: Outcome): number =>
  endings.filter((ending) => ending.outcome === outcome).length

function countLine(endings: readonly Ending[]): string {
  const runs = endings.reduce((sum, ending) => sum + ending.runs, 0)
  const counts = `${countOf(endings, 'same')} got over it, ${countOf(endings, 'next')} converged in the next run`
  return `${endings.length} cells, ${runs} runs: ${counts}, ${countOf(endings, 'unmet')} did not meet their fault, ${countOf(endings, 'violation')} violations`
}

/** What {@link figuresOf} is told beside the endings. */
export interface Circumstances {
  pgVersion: number
  /** `stand-in` or the version of kube-apiserver. */
  kubernetes: string
  /** How many cells there are; fewer may have been played. */
  all: number
  /** Of a sample. */
  seed?: number
}

/** The endings as figures for docs/reliability: counts by play and fault, without the calls. */
export function figuresOf(endings: readonly Ending[], { pgVersion, kubernetes, all, seed }: Circumstances): object {
  const counts = (own: readonly Ending[]) => ({
    cells: own.length,
    same: countOf(own, 'same'),
    next: countOf(own, 'next'),
    unmet: countOf(own, 'unmet'),
    violations: countOf(own, 'violation'),
  })
  const by = (nameOfOne: (ending: Ending) => string) => {
    const names = [...new Set(endings.map(nameOfOne))]
    return Object.fromEntries(names.map((name) => [name, counts(endings.filter((one) => nameOfOne(one) === name))]))
  }
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
    postgres: pgVersion,
    kubernetes,
    ...(seed === undefined ? {} : { seed }),
    all,
    runs: endings.reduce((sum, { runs }) => sum + runs, 0),
    total: counts(endings),
    plays: by(({ cell }) => cell.play),
    faults: by(({ cell }) => `${cell.fault.name}${cell.lasting ? ', lasting' : ''}`),
    violations: endings.filter(({ outcome }) => outcome === 'violation').map(({ cell }) => nameOf(cell)),
  }
}

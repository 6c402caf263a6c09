/** The figures of docs/reliability/*.json as one table. Each file is what `npm run test:<its name>` wrote last. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'

type Json = Record<string, unknown>

// So many cases of one file have a row each; more are one row with their sums.
const MOST_ROWS = 4
// How a run of a script begins; it says nothing about its result.
const NO_FIGURES = ['seed']

/** Sums of all numbers below a value by their names, the greatest of those that say so, and how many flaws lists hold. */
interface Figures {
  numbers: Map<string, number>
  flaws: number
}

function figuresOf(value: unknown): Figures {
  const numbers = new Map<string, number>()
  let flaws = 0
  const take = (holder: Json) => {
    for (const [name, inner] of Object.entries(holder)) {
      if (Array.isArray(inner)) flaws += inner.length
      else if (typeof inner === 'object' && inner !== null) take(inner as Json)
      else if (typeof inner === 'number' && !NO_FIGURES.includes(name)) {
        const before = numbers.get(name) ?? 0
        numbers.set(name, /^(longest|slowest|most)/.test(name) ? Math.max(before, inner) : before + inner)
      }
    }
  }
  take(value as Json)
  return { numbers, flaws }
}

const words = (name: string) =>
  name.replace(/M(?:illiseconds|s)$/, '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

function row(script: string, what: string, value: unknown): string {
  const { numbers, flaws } = figuresOf(value)
  const figures = [...numbers].map(([name, number]) => {
    const unit = /M(?:illiseconds|s)$/.test(name) ? ' ms' : ''
    return `${words(name)} ${number.toLocaleString('en')}${unit}`
  })
  return `| \`npm run test:${script}\` | ${what.replaceAll('|', '\\|')} | ${figures.join(', ')} | ${flaws} |`
}

/** The rows of one file: its cases, or their sums where they are many. */
export function rowsOf(script: string, content: Json): string[] {
  const cases = Object.entries(content).filter(([, value]) => typeof value === 'object' && value !== null)
  if (cases.length > MOST_ROWS) return [row(script, `${cases.length} cases`, content)]
  return cases.map(([what, value]) => row(script, what, value))
}

/** The table of a folder; only its head where there are no figures. */
export function reliabilityTable(folder: string): string {
  const files = existsSync(folder) ? globSync(`${folder}/*.json`).sort() : []
  const rows = files.flatMap((file) => rowsOf(basename(file, '.json'), JSON.parse(readFileSync(file, 'utf8')) as Json))
  return ['| Script | What | Figures | Broken promises |', '| --- | --- | --- | --: |', ...rows].join('\n')
}

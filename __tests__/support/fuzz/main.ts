/**
 * npm run test:fuzz: odd inputs and event payloads through the reading, judging and planning of a run, some of them through
 * the committed dist, and odd SQL through the splitter beside PostgreSQL's own scanner and parser. Prints figures, writes
 * them to docs/reliability/fuzz.json, and fails for whatever breaks a rule.
 *
 * `--inputs`, `--dist` and `--texts` say how many of each (0: leave out, its figures stay), `--seed` where to begin.
 * Figures of texts are written after each piece; `--resume` goes on behind those that the file has.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import fc from 'fast-check'
import { loadModule } from 'libpg-query'
import { inputCase } from './input-case.ts'
import { judgeCase } from './judge-case.ts'
import { runDist } from './run-dist.ts'
import { compareTexts, emptyTexts, type TextsCompared } from './texts.ts'

const PIECE = 20_000
const FILE = 'docs/reliability/fuzz.json'

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '10000' },
    dist: { type: 'string', default: '300' },
    texts: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '20261125' },
    piece: { type: 'string' },
    resume: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed)

/** Inputs and events in this process; they are made in pieces, since the longest are tens of thousands of characters. */
async function fuzzInputs(count: number) {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'))
  const figures = { runs: 0, ended: { run: 0, skip: 0, error: 0 }, slowestMs: 0, faults: [] as string[] }
  try {
    for (let from = 0; from < count; from += 1000) {
      const cases = fc.sample(inputCase, { numRuns: Math.min(1000, count - from), seed: seed + from })
      // The first one loads the Kubernetes client.
      if (from === 0 && cases[0]) await judgeCase(cases[0], join(folder, 'event.json'))
      for (const [index, given] of cases.entries()) {
        const { end, faults, milliseconds } = await judgeCase(given, join(folder, 'event.json'))
        figures.runs += 1
        figures.ended[end] += 1
        figures.slowestMs = Math.max(figures.slowestMs, Math.round(milliseconds))
        figures.faults.push(...faults.map((fault) => `case ${from + index}: ${fault}`))
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return figures
}

/** Texts in processes of their own: the memory of the parser only grows. */
async function fuzzTexts(count: number): Promise<TextsCompared> {
  const known = values.resume ? (readFigures().texts as TextsCompared | undefined) : undefined
  const total = known ?? emptyTexts()
  for (let from = total.texts; from < count; from += PIECE) {
    const size = Math.min(PIECE, count - from)
    const args = [import.meta.filename, '--piece', String(size), '--seed', String(seed + from)]
    const { stdout } = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
      maxBuffer: 2 ** 28,
    })
    const piece = JSON.parse(stdout) as TextsCompared
    for (const name of ['texts', 'parsed', 'statements', 'unterminated', 'otherErrors'] as const)
      total[name] += piece[name]
    total.different.push(...piece.different)
    writeFigures({ texts: total })
    process.stderr.write(`${from + size} texts\n`)
  }
  return total
}

function readFigures(): Record<string, unknown> {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, unknown>) : {}
}

function writeFigures(figures: Record<string, unknown>): void {
  mkdirSync(dirname(FILE), { recursive: true })
  writeFileSync(FILE, `${JSON.stringify({ ...readFigures(), ...figures, seed }, null, 2)}\n`)
}

if (values.piece) {
  await loadModule()
  process.stdout.write(JSON.stringify(compareTexts(Number(values.piece), seed)))
} else {
  const started = performance.now()
  const now: Record<string, unknown> = {}
  const [inputs, dist, texts] = [values.inputs, values.dist, values.texts].map(Number)
  if (inputs) now.inputs = await fuzzInputs(inputs)
  if (dist) now.dist = await runDist(fc.sample(inputCase, { numRuns: dist, seed: seed + 1 }))
  writeFigures(now)
  if (texts) now.texts = await fuzzTexts(texts)
  process.stdout.write(
    `${JSON.stringify(now, null, 2)}\nseed ${seed}, ${Math.round((performance.now() - started) / 1000)} s\n`,
  )
  if (/"(?:faults|different)":\[[^\]]/.test(JSON.stringify(now))) process.exitCode = 1
}

import { mkdirSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Kubernetes, startKubeApiserver, startKubernetesStandIn } from '../../sandbox/kubernetes/index.ts'
import { allCells, randomOf, sampleOf } from '../support/matrix/cells.ts'
import { type Ending, playCells, record, tellEnding } from '../support/matrix/play-cells.ts'
import { figuresOf, renderTable } from '../support/matrix/table.ts'
import { seedOf } from '../support/moments/seed.ts'

// Every call of every mode × every fault, once and lasting, and then a run without. `npm run test:matrix` plays all cells;
// in the whole suite a sample, by a seed that is told, so that it can be played again with MATRIX_SEED. MATRIX_PG is 14 or
// 18 (by the seed unless told), MATRIX_KUBERNETES stand-in or kube-apiserver, MATRIX_SIZE how many cells a sample has, and
// MATRIX_PART=3/20 takes the third of twenty parts of all cells, where one run would be too long.
const { MATRIX, MATRIX_PG, MATRIX_KUBERNETES, MATRIX_SIZE, MATRIX_STAGES, MATRIX_PART } = process.env
const all = MATRIX === 'all'
const seed = seedOf('MATRIX_SEED')
const pgVersion = Number(MATRIX_PG ?? (all || seed % 2 === 0 ? 18 : 14))
const size = Number(MATRIX_SIZE ?? 10)
// Waiting takes no processor: more stages than cores.
const stages = Number(MATRIX_STAGES ?? (all ? 8 : 4))
const RESULT = 'docs/reliability'

const LONGEST = all ? 4 * 3_600_000 : 300_000

let kubernetes: Kubernetes
beforeAll(async () => {
  kubernetes = await (MATRIX_KUBERNETES === 'kube-apiserver' ? startKubeApiserver() : startKubernetesStandIn())
})
afterAll(() => kubernetes.close())

test(
  'a fault at any call: the run gets over it or ends with one clear sentence, and the next one finds everything once',
  async () => {
    const setting = { pgVersion, kubernetes, patient: all }
    const cells = allCells(await record(setting))
    const played = all ? partOf(cells) : sampleOf(cells, size, randomOf(seed))
    const endings = await playCells(played, { ...setting, tell }, stages)
    const circumstances = { pgVersion, kubernetes: kubernetes.version, all: cells.length, ...(all ? {} : { seed }) }
    const title = `Fault matrix, PostgreSQL ${pgVersion}, ${kubernetes.version}${all ? '' : `, MATRIX_SEED=${seed} of ${cells.length} cells`}`
    process.stdout.write(`\n${title}\n${renderTable(endings)}`)
    if (all && !MATRIX_PART) keep(figuresOf(endings, circumstances))
    expect(endings.filter(({ outcome }) => outcome === 'violation').map(tellEnding)).toEqual([])
    expect(endings).toHaveLength(played.length)
    // A call may come too late for a short time limit; a matrix that meets few of its faults shows nothing.
    const met = endings.filter(({ outcome }) => outcome !== 'unmet')
    expect(met.length).toBeGreaterThanOrEqual(played.length * 0.75)
    expect(met.some(({ outcome }) => outcome === 'same') && met.some(({ outcome }) => outcome === 'next')).toBe(true)
  },
  LONGEST,
)

/** Every n-th cell, so that each part has something of everything. */
function partOf<T>(cells: T[]): T[] {
  const [part = 1, parts = 1] = (MATRIX_PART ?? '').split('/').filter(Boolean).map(Number)
  return cells.filter((_, index) => index % parts === part - 1)
}

function tell(ending: Ending): void {
  if (all || ending.outcome === 'violation') process.stdout.write(`${tellEnding(ending)}\n`)
}

function keep(figures: object): void {
  mkdirSync(RESULT, { recursive: true })
  const name = `matrix-${pgVersion}-${kubernetes.kind}.json`
  writeFileSync(`${RESULT}/${name}`, `${JSON.stringify(figures, null, 2)}\n`)
}

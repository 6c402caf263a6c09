import { HTTP_FAULTS, type HttpFault, SQL_FAULTS, type SqlFault } from './faults.ts'
import type { HttpCall } from './http-gate.ts'
import { PLAYS, type Play } from './modes.ts'
import type { SqlCall } from './sql-gate.ts'

/** One place of the matrix: a call of a play, with a fault, once or from then on. */
export type Cell = {
  play: Play
  lasting: boolean
  /** How long the play took without a fault. */
  usual: number
} & ({ call: HttpCall; fault: HttpFault } | { call: SqlCall; fault: SqlFault })

/** The calls of a run without faults. */
export interface Recording {
  http: HttpCall[]
  /** Queries of each connection. */
  queries: number[]
  milliseconds: number
}

// A call that is repeated until something has happened is the same call; a second one may have another purpose.
const MOST_TURNS = 2
const POLLS = /\/operations/

/** All cells of the recorded plays. */
export function allCells(recordings: ReadonlyMap<Play, Recording>): Cell[] {
  return PLAYS.flatMap((play) => {
    const recording = recordings.get(play)
    return recording ? cellsOf(play, recording) : []
  })
}

function cellsOf(play: Play, { http, queries, milliseconds: usual }: Recording): Cell[] {
  const calls = http.filter(({ what, turn }) => turn <= (POLLS.test(what) ? 1 : MOST_TURNS))
  const ofHttp = calls.flatMap((call) => HTTP_FAULTS.map((fault) => ({ call, fault })))
  const ofSql = queries.flatMap((last, index) =>
    SQL_FAULTS.flatMap((fault) =>
      fault.at.flatMap((moment) => {
        const query = { login: 0, 'first query': 1, 'last query': last }[moment]
        const isSame = moment === 'last query' && last <= 1
        const call: SqlCall = { server: 'sql', connection: index + 1, moment, query }
        return isSame ? [] : [{ call, fault }]
      }),
    ),
  )
  return [...ofHttp, ...ofSql].flatMap((where) => [false, true].map((lasting) => ({ play, lasting, usual, ...where })))
}

/** What a cell is called: `preview new · POST /projects/{project}/branches · 503, lasting`. */
export function nameOf(cell: Cell): string {
  return `${cell.play} · ${callName(cell.call)} · ${cell.fault.name}${cell.lasting ? ', lasting' : ''}`
}

/** A call in words. */
export function callName(call: HttpCall | SqlCall): string {
  if (call.server === 'sql') return `SQL connection ${call.connection}, ${call.moment}`
  return `${call.what}${call.turn > 1 ? ` (${call.turn})` : ''}`
}

/** Random numbers from 0 to 1 that a seed repeats (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/**
 * A part of the cells in which plays, faults and servers are spread evenly: of the shuffled cells, the next is always the one
 * that has least in common with those taken before.
 */
export function sampleOf(cells: readonly Cell[], size: number, random: () => number): Cell[] {
  const left = cells
    .map((cell) => ({ cell, traits: traitsOf(cell), order: random() }))
    .sort((a, b) => a.order - b.order)
  const taken: Cell[] = []
  const counts = new Map<string, number>()
  while (taken.length < size && left.length > 0) {
    let best = 0
    let least = Number.POSITIVE_INFINITY
    for (const [index, { traits }] of left.entries()) {
      const common = traits.reduce((sum, [trait, weight]) => sum + weight * (counts.get(trait) ?? 0), 0)
      if (common < least) [best, least] = [index, common]
    }
    const [found] = left.splice(best, 1)
    if (!found) break
    taken.push(found.cell)
    for (const [trait] of found.traits) counts.set(trait, (counts.get(trait) ?? 0) + 1)
  }
  return taken
}

function traitsOf({ play, fault, call, lasting }: Cell): [trait: string, weight: number][] {
  return [
    [`play ${play}`, 4],
    [`fault ${fault.name}`, 2],
    [`server ${call.server}`, 1],
    [`lasting ${lasting}`, 1],
  ]
}

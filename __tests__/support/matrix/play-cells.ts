import type { Kubernetes } from '../../../sandbox/kubernetes/index.ts'
import { type Cell, nameOf, type Recording } from './cells.ts'
import { isWaiting, mustBeOvercome } from './faults.ts'
import { violationsAfter, violationsOf } from './invariant.ts'
import { BEGINS, ENDS, MIDDLES, PLAYS, type Play, PRODUCTION, READS_ONLY } from './modes.ts'
import { unclear, unclearSuccess } from './sentence.ts'
import { startSqlFault } from './sql-faults.ts'
import { type Faults, type Played, type Stage, type StageOptions, startStage } from './stage.ts'

/** How a cell ended. */
export interface Ending {
  cell: Cell
  /**
   * `same`: the run with the fault succeeded; `next`: it failed with a clear sentence, and the next one converged; `unmet`:
   * the call did not come, or not in time; `violation`: anything else.
   */
  outcome: 'same' | 'next' | 'unmet' | 'violation'
  /** The sentence of a failed run, or what is violated. */
  said: string
  runs: number
  milliseconds: number
}

/** On what the cells are played. */
export interface Setting {
  pgVersion: number
  kubernetes: Kubernetes
  /** Lets a request that hangs once go on until the call's own time limit, up to a minute. */
  patient: boolean
  /** The folder of the action; this repository unless told. */
  action?: string
  /** True once no further cell is to begin. */
  isOver?(): boolean
  tell?(ending: Ending): void
}

// Beyond three times the time of a run without faults, as others run beside it.
const SHORT = 3000

async function playCell(
  stage: Stage,
  cell: Cell,
  { patient }: Setting,
): Promise<Omit<Ending, 'cell' | 'milliseconds'>> {
  const { play, lasting } = cell
  await prepare(stage, play)
  const isShort = isWaiting(cell.fault, lasting) && !(patient && !lasting && cell.fault.name === 'hang')
  const inputs: Record<string, string> = isShort ? { timeout: `${SHORT + 3 * cell.usual}ms` } : {}
  const running =
    'at' in cell.fault && cell.call.server === 'sql'
      ? startSqlFault(cell.fault, { call: cell.call, lasting, clusterAt: stage.clusterAt })
      : undefined
  const faults: Faults =
    'at' in cell.fault || cell.call.server === 'sql'
      ? {
          ...(running ? { sql: running.wire } : {}),
          inputs: { ...inputs, ...('at' in cell.fault ? cell.fault.inputs : {}) },
        }
      : { http: { call: cell.call, fault: cell.fault, lasting }, inputs }
  const first = await stage.play(play, faults)
  await running?.end()
  const met = first.met + (running?.met ?? 0)
  const said = first.result.annotations.find(({ type }) => type === 'error')?.message ?? ''
  const isSuccess = first.result.conclusion === 'success'
  const wrong = [...violationsOf(first), ...writesOf(play, first)]
  if (isSuccess)
    wrong.push(...unclearSuccess(first.result), ...(await violationsAfter(stage, play, { comment: false })))
  else wrong.push(...unclear(first.result))
  if (!isSuccess && !lasting && met > 0 && mustBeOvercome(cell.fault, said))
    wrong.push('a fault that passes ended the run')
  const wrongNext = await playAgain(stage, play)
  if (wrong.length + wrongNext.length > 0) {
    const all = [...wrong.map((text) => `first run: ${text}`), ...wrongNext.map((text) => `next run: ${text}`)]
    return { outcome: 'violation', said: [...all, ...(said ? [`(said: ${said})`] : [])].join('; '), runs: 2 }
  }
  if (met === 0) return { outcome: 'unmet', said, runs: 2 }
  return { outcome: isSuccess ? 'same' : 'next', said, runs: 2 }
}

async function prepare(stage: Stage, play: Play): Promise<void> {
  if (play === 'preview reused') await stage.addFile()
  if (ENDS.includes(play)) stage.world.github.closePull(stage.subject.number)
}

/** The run without a fault, after which everything must be as the play leaves it. */
async function playAgain(stage: Stage, play: Play): Promise<string[]> {
  const next = await stage.play(play)
  await stage.tidy()
  const failed =
    next.result.conclusion === 'success'
      ? []
      : [`failed: ${next.result.annotations.map(({ message }) => message).join(' | ')}`]
  const wrong = [...failed, ...violationsOf(next), ...writesOf(play, next), ...unclearSuccess(next.result)]
  return [...wrong, ...(await violationsAfter(stage, play, { comment: true }))]
}

/** Requests of a play that only reads, to anybody but GitHub, that could change something. */
function writesOf(play: Play, { recording }: Played): string[] {
  if (!READS_ONLY.includes(play)) return []
  const writes = recording.http.filter(({ server, what }) => server !== 'github' && !what.startsWith('GET '))
  return writes.map(({ what }) => `it only reads, and sent ${what}`)
}

/** Each play once without a fault, on new stages: the calls of each. Throws when one does not leave what it must. */
export async function record(setting: Setting): Promise<Map<Play, Recording>> {
  const recordings = new Map<Play, Recording>()
  const take = async (stage: Stage, play: Play): Promise<void> => {
    await prepare(stage, play)
    const played = await stage.play(play)
    await stage.tidy()
    const wrong = [...violationsOf(played), ...unclearSuccess(played.result), ...writesOf(play, played)]
    wrong.push(...(await violationsAfter(stage, play, { comment: true })))
    if (wrong.length > 0) throw new Error(`${play} without a fault: ${wrong.join('; ')}\n${played.result.log}`)
    recordings.set(play, played.recording)
  }
  await Promise.all([
    onStage({ ...setting, id: 'record-live' }, async (stage) => {
      for (const play of PRODUCTION) await take(stage, play)
      stage.nextProject()
      await take(stage, 'provision new')
      await stage.dropProject()
      await stage.nextPull()
      await playAgain(stage, BEGINS)
      await take(stage, 'sweep')
    }),
    onStage({ ...setting, id: 'record-pull' }, async (stage) => {
      await stage.nextPull()
      for (const play of [BEGINS, ...MIDDLES, 'cleanup'] as const) await take(stage, play)
    }),
  ])
  return recordings
}

async function onStage(options: StageOptions, work: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await startStage(options)
  await work(stage).finally(() => stage.close())
}

/** Plays cells on so many stages side by side, each in the order in which plays can follow one another. */
export async function playCells(cells: readonly Cell[], setting: Setting, stages: number): Promise<Ending[]> {
  const queues = new Map(PLAYS.map((play) => [play, cells.filter((cell) => cell.play === play)]))
  const endings: Ending[] = []
  const work = async (index: number): Promise<void> => {
    const isLeft = () => !setting.isOver?.() && [...queues.values()].some(({ length }) => length > 0)
    for (let turn = 0; isLeft(); turn += 1) {
      const stage = await startStage({ ...setting, id: `s${index}-${turn}` })
      const actor = new Actor(stage, setting, queues, endings)
      await actor.playAll().finally(() => stage.close())
    }
  }
  await Promise.all(Array.from({ length: stages }, (_, index) => work(index)))
  return endings
}

/** Takes cells from the queues until they are empty, or its stage is spoilt by a violation. */
class Actor {
  private isSpoilt = false
  private readonly stage: Stage
  private readonly setting: Setting
  private readonly queues: Map<Play, Cell[]>
  private readonly endings: Ending[]

  constructor(stage: Stage, setting: Setting, queues: Map<Play, Cell[]>, endings: Ending[]) {
    this.stage = stage
    this.setting = setting
    this.queues = queues
    this.endings = endings
  }

  async playAll(): Promise<void> {
    while (!this.isSpoilt) {
      const left = (play: Play) => this.queues.get(play)?.length ?? 0
      const before = this.endings.length
      for (const play of PRODUCTION) if (left(play) > 0) await this.take(play)
      if (left('provision new') > 0 && !this.isSpoilt) {
        this.stage.nextProject()
        await this.take('provision new')
        if (!this.isSpoilt) await this.stage.dropProject()
      }
      if ([BEGINS, ...MIDDLES, ...ENDS].some((play) => left(play) > 0) && !this.isSpoilt) await this.playPull(left)
      if (this.endings.length === before) return
    }
  }

  /** The life of one pull request; what no cell is left for runs without a fault. */
  private async playPull(left: (play: Play) => number): Promise<void> {
    await this.stage.nextPull()
    await this.takeOrPlay(BEGINS)
    const lives = Math.max(1, left(BEGINS), ...ENDS.map(left))
    for (const play of MIDDLES) {
      for (let count = Math.ceil(left(play) / lives); count > 0 && !this.isSpoilt; count -= 1) await this.take(play)
    }
    if (this.isSpoilt) return
    const [end = 'cleanup'] = [...ENDS].sort((a, b) => left(b) - left(a))
    await this.takeOrPlay(end)
  }

  private async takeOrPlay(play: Play): Promise<void> {
    if (await this.take(play)) return
    await prepare(this.stage, play)
    const wrong = await playAgain(this.stage, play)
    if (wrong.length > 0) throw new Error(`${play} without a fault: ${wrong.join('; ')}`)
  }

  private async take(play: Play): Promise<boolean> {
    const cell = this.setting.isOver?.() ? undefined : this.queues.get(play)?.shift()
    if (!cell) return false
    const started = performance.now()
    const played = await playCell(this.stage, cell, this.setting).catch((error: unknown) => ({
      ...{ outcome: 'violation' as const, runs: 2 },
      said: `the matrix itself: ${error instanceof Error ? error.stack : error}`,
    }))
    const ending = { cell, ...played, milliseconds: Math.round(performance.now() - started) }
    this.isSpoilt = played.outcome === 'violation'
    this.endings.push(ending)
    this.setting.tell?.(ending)
    return true
  }
}

/** One line about a cell, for people. */
export function tellEnding({ cell, outcome, said, milliseconds }: Ending): string {
  return `${outcome === 'violation' ? 'VIOLATION' : outcome} · ${nameOf(cell)} · ${(milliseconds / 1000).toFixed(1)} s${said ? ` · ${said}` : ''}`
}

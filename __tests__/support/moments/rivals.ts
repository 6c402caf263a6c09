import { flawsOfWorld } from './invariant.ts'
import type { Start } from './race.ts'
import { makeProject, ofClosed, ofPull, pull, pullInputs, removeBranch } from './scene.ts'
import type { Stage } from './stage.ts'
import { BASE, ownFile } from './stage.ts'

/** The modes that can meet on one pull request. */
export const MODES = ['preview', 'cleanup', 'sweep', 'reset', 'rotate', 'plan', 'diff', 'provision'] as const
export type RivalMode = (typeof MODES)[number]

/** A pull request on which runs meet. */
export interface Ground {
  number: number
  start(mode: RivalMode): Start
  /** Whether it is closed by now. */
  isClosed(): boolean
  /** What was left of it although it is closed; empty for an open one. */
  leftBehind(): Promise<string[]>
  /** The run that is made when all is over. */
  last(): Start
  look(): Promise<string[]>
  end(): Promise<void>
}

const PROJECT = 'crowd'

/** Makes a project, and gives what makes a new pull request on it: with its branch, unless it is to be `opened` only. */
export async function openGround(stage: Stage): Promise<(number: number, isNew?: boolean) => Promise<Ground>> {
  const projectId = await makeProject(stage, PROJECT)
  await stage.world.write({ 'crowd/0100_own.sql': ownFile('0100_own') })
  const inputs = pullInputs(stage, projectId, { schema: 'base\ncrowd' })
  const files = [...BASE, '0100_own']
  return async (number, isNew = false) => {
    const { github } = stage.world
    let isClosed = false
    github.openPull({ number })
    if (!isNew) await stage.run(pull(number, 'opened'), inputs)
    const starts: Record<RivalMode, Start> = {
      preview: { event: pull(number, isNew ? 'opened' : 'synchronize'), inputs },
      cleanup: {
        event: pull(number, 'closed'),
        inputs,
        before() {
          isClosed = true
          github.closePull(number)
        },
      },
      sweep: { event: { name: 'schedule' }, inputs },
      reset: { event: pull(number), inputs: { ...inputs, mode: 'reset' } },
      rotate: { event: pull(number), inputs: { ...inputs, mode: 'rotate' } },
      plan: { event: pull(number), inputs: { project_id: projectId, schema: 'base\ncrowd', mode: 'plan' } },
      diff: { event: pull(number), inputs: { project_id: projectId, mode: 'diff', compare_branch: `pr-${number}` } },
      provision: {
        event: { name: 'push' },
        inputs: {
          project_id: projectId,
          schema: 'base',
          kubeconfig: stage.kubernetes.kubeconfig,
          namespace: 'default',
        },
      },
    }
    const expected = () => (isClosed ? ofClosed(PROJECT, number) : ofPull(PROJECT, number, files))
    return {
      number,
      start: (mode) => starts[mode],
      isClosed: () => isClosed,
      async leftBehind() {
        if (!isClosed) return []
        const { pullRequest: _, ...closed } = ofClosed(PROJECT, number)
        return (await flawsOfWorld(stage, closed)).map((flaw) => `left behind by the close: ${flaw}`)
      },
      last: () => (isClosed ? { event: pull(number, 'closed'), inputs } : { event: pull(number), inputs }),
      look: () => flawsOfWorld(stage, expected()),
      end: () => removeBranch(stage, projectId, `pr-${number}`),
    }
  }
}

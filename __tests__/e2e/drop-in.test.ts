import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { judgeStep, lostOutputs } from '../support/drop-in/judge.ts'
import { playFile } from '../support/drop-in/play-file.ts'
import { countFiles, type Row, renderTable } from '../support/drop-in/table.ts'
import type { PlayedWorkflow } from '../support/play-workflow.ts'

// Workflows that use Neon's own actions, with nothing changed but the `uses:` lines, played against the committed dist.
// `npm run test:drop-in` plays all of them, and prints what each does; in the whole suite only these.
const SOME = ['template-v6-expiry', 'reset-cs-names', 'merge-queue', 'issue-comment', 'git-branch-deleted']
const ALL = globSync('__tests__/fixtures/workflows/*.yml').map((file) => basename(file, '.yml'))
const PLAYED = process.env.DROP_IN === 'all' ? ALL.sort() : SOME

/** Of all files: how many must be as they were, and how many may break; docs/migration.md says which and why. */
const EXPECTED = { unchanged: 49, broke: 3 }

const rows: Row[] = []
afterAll(() => {
  process.stdout.write(`\n${renderTable(rows)}`)
})

// A file has up to ten runs of the action, on a machine that does other things beside.
const LONGEST = 240_000

describe('a workflow of the corpus with only its uses: lines changed', () => {
  test.each(PLAYED)(
    '%s',
    async (name) => {
      const file = `__tests__/fixtures/workflows/${name}.yml`
      const text = readFileSync(file, 'utf8')
      const runs: PlayedWorkflow[] = []
      await playFile({
        file,
        after(played) {
          runs.push(played.played)
          const event = describeEvent(played.event)
          const ours = played.played.steps.filter(({ kind, outcome }) => kind === 'ours' && outcome !== 'skipped')
          for (const step of ours) {
            rows.push({ file: name, event, step: `${step.job} · ${step.name}`, ...judgeStep(step, played, text) })
          }
          for (const reason of lostOutputs(played, text)) {
            rows.push({
              file: name,
              event,
              step: 'outputs',
              verdict: 'broke',
              reasons: [reason],
              unaskedEnd: false,
              besides: [],
            })
          }
        },
      })
      expect(runs.filter(({ started }) => started)).not.toEqual([])
      const steps = runs.flatMap((run) => run.steps)
      expect(steps.some(({ kind, outcome }) => kind === 'ours' && outcome !== 'skipped')).toBe(true)
      for (const step of steps) expect(['success', 'failure', 'skipped']).toContain(step.conclusion)
    },
    LONGEST,
  )

  test('is counted', () => {
    const counts = countFiles(rows)
    const { unchanged, notice, broke } = counts
    expect(unchanged + notice + broke + counts['false statement']).toBe(new Set(rows.map(({ file }) => file)).size)
    expect(counts['false statement']).toBe(0)
    expect(broke).toBeLessThanOrEqual(PLAYED === SOME ? 0 : EXPECTED.broke)
    expect(unchanged).toBeGreaterThanOrEqual(process.env.DROP_IN === 'all' ? EXPECTED.unchanged : SOME.length - 1)
    expect(rows.filter(({ unaskedEnd }) => unaskedEnd)).toEqual([])
  })
})

function describeEvent(event: { name: string; action?: string; body?: string }): string {
  return [event.name, event.action, event.body].filter(Boolean).join(' ')
}

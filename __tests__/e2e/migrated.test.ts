import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { migrateWorkflow } from '../../.github/scripts/migrate-workflow/migrate.ts'
import { playFile } from '../support/drop-in/play-file.ts'
import type { PlayedStep } from '../support/play-workflow.ts'

// Workflows that break or warn when only their uses: lines change, as `npm run migrate-workflow` leaves them, played
// against the committed dist.
const SOME = ['create-no-name', 'nightly-e2e', 'seed-psql-loop']
const ALL = globSync('__tests__/fixtures/workflows/*.yml').map((file) => basename(file, '.yml'))
const PLAYED = (process.env.DROP_IN === 'all' ? ALL : SOME).sort()
const LONGEST = 240_000

/** What a file does not do without a word, and could not before. */
const EXCEPTIONS: Record<string, RegExp> = {
  'always-delete-failed-create': /has no branch staging-that-was-removed|ends in failure|gives undefined/,
  // The caller's jobs have no permissions of their own; the script says so.
  'call-caller': /^The comment on .* was not written/,
  'call-create': /^The comment on .* was not written/,
  // Forks have no key: the action skips.
  'no-guard-fork': /^gives undefined for preview\/pr-[89]$/,
  // A push to main, named after it.
  'push-head-or-ref': /^gives the default branch$/,
}

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'migrated-'))
  for (const file of globSync('__tests__/fixtures/workflows/*.yml')) {
    const { text } = migrateWorkflow(readFileSync(file, 'utf8'), 'acme/neon-postgres-setup@v1')
    writeFileSync(join(folder, basename(file)), text)
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What is wrong with a step, in words. */
function wrongWith(step: PlayedStep): string[] {
  const { annotations, branches, inputs, outcome, outputs } = step
  const given = branches.after.find(({ id }) => id === outputs.branch_id)
  const creates = inputs.branch_name !== undefined
  return [
    ...annotations.filter(({ type }) => type !== 'notice').map(({ message }) => message),
    ...(outcome === 'success' ? [] : [`ends in ${outcome}`]),
    ...(creates && given?.name !== inputs.branch_name ? [`gives ${given?.name} for ${inputs.branch_name}`] : []),
    ...(creates && given?.default ? ['gives the default branch'] : []),
    ...(Number(outputs.applied ?? '0') > 0 ? ['applies SQL files that the file applies itself'] : []),
  ]
}

describe('a migrated workflow does what it did, without a warning', () => {
  test.each(PLAYED)(
    '%s',
    async (name) => {
      const steps: PlayedStep[] = []
      await playFile({
        file: join(folder, `${name}.yml`),
        after: ({ played }) => steps.push(...played.steps),
      })
      const ours = steps.filter(({ kind, outcome }) => kind === 'ours' && outcome !== 'skipped')
      expect(ours.length).toBeGreaterThan(0)
      const exception = EXCEPTIONS[name]
      expect(ours.flatMap(wrongWith).filter((wrong) => !exception?.test(wrong))).toEqual([])
    },
    LONGEST,
  )
})

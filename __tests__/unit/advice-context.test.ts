import { describe, expect, test } from '@jest/globals'
import { STEPS_OF_DATA } from '../../src/database/schema/failure/steps-of-data.ts'
import { STEPS_OF_OBJECTS } from '../../src/database/schema/failure/steps-of-objects.ts'
import { STEPS_OF_SERVER } from '../../src/database/schema/failure/steps-of-server.ts'
import { unknownParents } from '../../src/inputs/index.ts'
import { assertPreviewBranch, type Branch, claimBranch, noParent } from '../../src/neon/index.ts'
import { commentText, renderSummary } from '../../src/report/index.ts'
import { errorMessage } from '../../src/runtime/errors.ts'
import { configOf } from '../support/inputs.ts'
import { baseReport, file, pullRequest } from '../support/reports.ts'

const branch: Branch = {
  ...{ projectId: 'calm-hill-123456', id: 'br-1', name: 'main', created: false, default: true, protected: false },
  ...{ schemaOnly: false, state: 'ready', createdAt: '2026-01-01T00:00:00Z', annotations: {} },
}
const owner = { repository: 'acme/shop', repositoryId: '700', pullRequest: 7 }
const said = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    return errorMessage(error)
  }
  return ''
}
const headline = (report: ReturnType<typeof baseReport>) =>
  renderSummary(report, { diagram: false, diff: false }).split('\n')[0]

describe('the input parent', () => {
  test('a name in it is told to belong into parent_branch, with the line to write', async () => {
    expect(await configOf({ parent: 'staging' })).toMatchObject({
      neon: { parent: false, parentBranch: 'staging' },
      notices: [expect.stringContaining("Write parent_branch: staging; parent takes 'true' or 'false'")],
    })
    await expect(configOf({ parent: 'staging', parent_branch: 'main' })).rejects.toThrow(
      /parent is 'true' or 'false', which is whether to reset; the branch to begin from is parent_branch/,
    )
  })

  test.each(['ture', 'yes', 'parent', '^parent', '1'])(
    'the word %s names no branch, and both inputs are told',
    (word) => {
      expect(
        said(() => {
          throw noParent('calm-hill-123456', word)
        }),
      ).toMatch(/Write parent: true .*parent_branch names/)
    },
  )

  test('an input that only sounds like it is told, and those of the action are not', () => {
    const env = { INPUT_PARENT: 'true', INPUT_PARENT_BRANCH: 'main', INPUT_PARENT_ID: 'br-1', INPUT_MODE: 'x' }
    expect(unknownParents(env)).toEqual([expect.stringMatching(/^Input parent_id is none .*is parent_branch/)])
  })

  test('a name that is no such word has the form alone', () => {
    expect(
      said(() => {
        throw noParent('calm-hill-123456', 'stagign')
      }),
    ).toMatch(/branch from\. Correct the input parent_branch: a name/)
  })
})

describe('a reset is called a reset', () => {
  test('of the default branch, and of one that is not ours', () => {
    expect(said(() => assertPreviewBranch(branch, 'main', 'reset'))).toMatch(
      /^Refused to reset the branch main: it is the default branch of the project\. Name the branch of a pull request/,
    )
    const named = { owner, namedByUser: false }
    expect(said(() => claimBranch(branch, { ...named, doing: 'reset' }))).toMatch(/^Refused to reset .*input branch/)
    expect(said(() => claimBranch(branch, { ...named, doing: 'rotate' }))).toMatch(/^Refused to give a new password/)
    expect(said(() => claimBranch(branch, named))).toMatch(/^Refused to use the branch main: .*branch_name/)
  })

  test('one that failed says how far it came', () => {
    const failed = { ...baseReport({ mode: 'reset', outcome: 'failed' }) }
    expect(headline(failed)).toMatch(/could not be reset$/)
    const schema = { source: 'sql', files: [], applied: 0, unchanged: 0, pending: 0, milliseconds: 1, warnings: [] }
    expect(headline({ ...failed, schema })).toMatch(/is reset, but not ready$/)
  })
})

describe('a Postgres that is not of Neon', () => {
  test('stays when its pull request closes, and is told so', () => {
    const { branch: _branch, project: _project, ...report } = baseReport({ mode: 'cleanup', outcome: 'gone' })
    expect(headline(report)).toBe('### 📌 Database `learnflow` stays as it is')
    expect(commentText(report, { diagram: false, diff: false })).toMatchObject({ onlyIfExists: true })
  })

  test('no next step of a failed statement sends anybody to the Neon console', () => {
    const texts = JSON.stringify([STEPS_OF_OBJECTS, STEPS_OF_DATA, STEPS_OF_SERVER])
    expect(texts).not.toMatch(/Neon console|which Neon/)
    // What is true there alone is marked as such.
    expect(texts.match(/(?<!on )Neon\b/g)).toBeNull()
  })
})

test('rows that files of the base wrote are none of what the pull request did', () => {
  const base = pullRequest().schema
  if (!base) throw new Error('the scene has no schema')
  const deleting = (ofBase: boolean) => {
    const rows = [{ table: 'public.users', inserted: 0, updated: 0, deleted: 60_000 }]
    const one = file('db/0007_clean.sql', { rows, ...(ofBase ? { ofBase } : {}) })
    return headline(baseReport({ diff: { changes: [], unified: '' }, schema: { ...base, files: [one] } }))
  }
  expect(deleting(false)).toContain('deletes 60,000 rows')
  expect(deleting(true)).not.toContain('60,000')
})

import { notFound } from './recorded.ts'
import type { BranchRecord } from './types.ts'
import { findBranch, findProject, type Handler } from './world.ts'

type SortKey = 'name' | 'created_at' | 'updated_at'

const listProjectBranches: Handler = (world, call) => {
  const project = findProject(world, call)
  const { search, cursor, limit } = call.query
  const sortBy = (call.query.sort_by ?? 'updated_at') as SortKey
  const descending = (call.query.sort_order ?? 'desc') === 'desc'
  const keyOf = ({ branch }: BranchRecord) => `${branch[sortBy]}\n${branch.id}`
  const sorted = matching([...project.branches.values()], search).sort((a, b) => compare(keyOf(a), keyOf(b)))
  if (descending) sorted.reverse()
  const after = cursor ? Buffer.from(String(cursor), 'base64url').toString() : undefined
  const rest = sorted.filter(
    (record) => after === undefined || (descending ? keyOf(record) < after : keyOf(record) > after),
  )
  const page = rest.slice(0, Math.min(Number(limit ?? Number.POSITIVE_INFINITY), world.settings.branchPageSize))
  const last = page.at(-1)
  // As on Neon, `next` comes with the last page too: its clients stop at the empty page behind it.
  const repeated = world.settings.emptyPageCursor ? cursor : undefined
  const next = last ? Buffer.from(keyOf(last)).toString('base64url') : repeated
  return {
    body: {
      branches: page.map(({ branch }) => branch),
      annotations: Object.fromEntries(
        page.filter(({ annotation }) => annotation).map((record) => [record.branch.id, describeAnnotation(record)]),
      ),
      pagination: { ...(next ? { next } : {}), sort_by: sortBy, sort_order: descending ? 'DESC' : 'ASC' },
    },
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Part of a name or id, as `search` finds it. */
function matching(records: BranchRecord[], search: unknown): BranchRecord[] {
  const text = String(search ?? '').toLowerCase()
  return records.filter(({ branch }) => branch.name.toLowerCase().includes(text) || branch.id.includes(text))
}

function describeAnnotation({ branch, annotation }: BranchRecord) {
  return {
    object: { type: 'console/branch', id: branch.id },
    value: annotation?.value ?? {},
    ...(annotation ? { created_at: annotation.at, updated_at: annotation.at } : {}),
  }
}

const countProjectBranches: Handler = (world, call) => ({
  body: { count: matching([...findProject(world, call).branches.values()], call.query.search).length },
})

const getProjectBranch: Handler = (world, call) => {
  const { record } = findBranch(world, call)
  if (record.hiddenLooks > 0) {
    record.hiddenLooks -= 1
    throw notFound('branch')
  }
  return { body: { branch: record.branch, annotation: describeAnnotation(record) } }
}

export const branchListHandlers = { countProjectBranches, getProjectBranch, listProjectBranches }

import { diffDumps } from '../database/inspect/index.ts'
import type { Outcome } from '../model.ts'
import { compareSchemas } from '../neon/index.ts'
import { phase, type Run } from '../run.ts'
import { announceBranch } from './steps/branch.ts'
import { openNeon, projectOf } from './steps/project.ts'

/** Compares the schemas of two branches through Neon, without touching either. */
export async function diff(run: Run): Promise<Outcome> {
  const { compare, neon: wanted } = run.config
  const neon = openNeon(run)
  const project = await projectOf(run, neon, { create: false })
  const name = wanted.database || 'neondb'
  const result = await phase(run, 'Compare', () =>
    compareSchemas(neon, {
      projectId: project.id,
      compareBranch: compare.compareBranch,
      database: name,
      ...(compare.baseBranch ? { baseBranch: compare.baseBranch } : {}),
      ...(compare.timestamp ? { timestamp: compare.timestamp } : {}),
      ...(compare.lsn ? { lsn: compare.lsn } : {}),
    }),
  )
  announceBranch(run, neon, { ...result.compare, parentName: result.base.name })
  // Nobody logged in: which role and host that would be is not known.
  run.report.database = { name, role: '', host: '' }
  run.report.diff = diffDumps(result.baseSql, result.compareSql)
  run.outputs.set('diff', run.report.diff.unified)
  return 'compared'
}

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
  const result = await phase(run, 'Compare', () =>
    compareSchemas(neon, {
      projectId: project.id,
      compareBranch: compare.compareBranch,
      database: wanted.database || 'neondb',
      ...(compare.baseBranch ? { baseBranch: compare.baseBranch } : {}),
      ...(compare.timestamp ? { timestamp: compare.timestamp } : {}),
      ...(compare.lsn ? { lsn: compare.lsn } : {}),
    }),
  )
  announceBranch(run, neon, { ...result.compare, parentName: result.base.name })
  run.report.diff = { changes: [], unified: result.diff }
  run.outputs.set('diff', result.diff)
  return 'compared'
}

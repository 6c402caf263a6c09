import { applySchema } from '../../src/database/schema/apply.ts'
import { checksumOf } from '../../src/database/schema/files/checksum.ts'
import { compareNames } from '../../src/database/schema/files/order.ts'
import type { SchemaFile, SchemaSource } from '../../src/database/schema/files/schema-file.ts'
import type { ApplyOptions, SchemaPolicy } from '../../src/database/schema/policy.ts'
import type { FileResult, SchemaResult } from '../../src/model.ts'
import { type TestRuntime, testRuntime } from './runtime.ts'

/** The defaults of the action. */
export const POLICY: SchemaPolicy = {
  transaction: 'file',
  lockWaitMilliseconds: 60_000,
  lockTimeout: '10s',
  statementTimeout: '10min',
  onEdit: 'reset',
  outOfOrder: 'warn',
  showDetail: false,
}

/** A schema folder that is only in memory: name to text. */
export function schemaOf(files: Record<string, string>): SchemaSource {
  const list = Object.entries(files).map(([name, text]): SchemaFile => {
    const kind = /(^|\/)R__|\.repeatable\.sql$/.test(name) ? 'repeatable' : 'once'
    const path = `sql/${name}`
    return { path, name, absolute: `/nowhere/${path}`, text, checksum: checksumOf(text), kind, bundled: false }
  })
  list.sort((a, b) => (a.kind === b.kind ? compareNames(a.name, b.name) : a.kind === 'once' ? -1 : 1))
  return { description: 'sql/', files: list, skipped: [] }
}

/** What a test may set. */
export type ApplyInput = Partial<Omit<ApplyOptions, 'policy' | 'source'>> & {
  url: string
  files: Record<string, string>
  policy?: Partial<SchemaPolicy>
  runtime?: TestRuntime
}

/** Options of a run on branch `br-main`, which is no preview, unless told. */
export function applyOptions({ files, policy, runtime: _, ...rest }: ApplyInput): ApplyOptions {
  const defaults = { branchId: 'br-main', isPreview: false, runId: '1', commitSha: 'c0ffee' }
  return { ...defaults, ...rest, source: schemaOf(files), policy: { ...POLICY, ...policy } }
}

/** Applies files in memory. */
export function apply(input: ApplyInput): Promise<SchemaResult> {
  return applySchema(input.runtime ?? testRuntime(), applyOptions(input))
}

/** `name:state` of every file. */
export function states(result: { files: FileResult[] }): string[] {
  return result.files.map(({ name, state }) => `${name}:${state}`)
}

import { createBranch } from './branch-create.ts'
import { identifier, literal, runningCluster } from './compute.ts'
import { branches, masking } from './guesses.ts'
import { MASKING_FUNCTIONS } from './masking-functions.ts'
import { schedule } from './operations.ts'
import type { Anonymization, AnonymizedCreate, BranchRecord, MaskingRule, ProjectRecord } from './types.ts'
import { type Call, findBranch, findProject, type Handler, timestamp, type World } from './world.ts'

const createProjectBranchAnonymized: Handler = async (world, call) => {
  const project = findProject(world, call)
  const wanted = call.body as AnonymizedCreate
  const rules = wanted.masking_rules ?? []
  checkRules(rules)
  if (wanted.start_anonymization && rules.length === 0) {
    throw masking.noRules()
  }
  const at = timestamp(world)
  const anonymization: Anonymization = { rules, state: 'created', createdAt: at, updatedAt: at }
  const annotation = wanted.annotation_value ? { annotation_value: wanted.annotation_value } : {}
  const { record, body } = await createBranch(
    world,
    project,
    { ...wanted.branch_create, ...annotation },
    async (made) => {
      move(world, anonymization, 'initialized')
      if (wanted.start_anonymization) await anonymize(world, project, made, anonymization)
    },
  )
  record.anonymization = anonymization
  return { status: 201, body }
}

function checkRules(rules: MaskingRule[]): void {
  const bad = rules.find(
    ({ masking_function: masked, masking_value: value }) => (masked === undefined) === (value === undefined),
  )
  if (!bad) return
  const column = `${bad.schema_name}.${bad.table_name}.${bad.column_name}`
  throw masking.wrongRule(column)
}

function move(world: World, anonymization: Anonymization, state: Anonymization['state'], message?: string): void {
  const at = timestamp(world)
  Object.assign(anonymization, { state, updatedAt: at, ...(message ? { message } : {}) })
  if (state === 'error') anonymization.failedAt = at
  else delete anonymization.failedAt
  if (!message) delete anonymization.message
}

/** Overwrites the masked columns. A rule that cannot be applied leaves the branch in state `error` with the cause. */
async function anonymize(
  world: World,
  project: ProjectRecord,
  record: BranchRecord,
  anonymization: Anonymization,
): Promise<void> {
  const run = { started_at: timestamp(world), masked_columns: 0, triggered_by_username: 'Dev Eloper' }
  anonymization.lastRun = run
  move(world, anonymization, 'anonymizing')
  try {
    for (const database of new Set(anonymization.rules.map((rule) => rule.database_name))) {
      const rules = anonymization.rules.filter((rule) => rule.database_name === database)
      const cluster = await runningCluster(project, record)
      // A batch of statements is one transaction: all rules of a database apply, or none.
      await cluster.query([MASKING_FUNCTIONS, ...rules.map(update), 'drop schema anon cascade'].join(';\n'), database)
      run.masked_columns += rules.length
    }
    Object.assign(run, { completed_at: timestamp(world) })
    move(world, anonymization, 'anonymized')
  } catch (error) {
    move(world, anonymization, 'error', error instanceof Error ? error.message : String(error))
  }
}

function update(rule: MaskingRule): string {
  const table = `${identifier(rule.schema_name)}.${identifier(rule.table_name)}`
  const value = rule.masking_function ?? literal(rule.masking_value ?? '')
  return `update ${table} set ${identifier(rule.column_name)} = ${value}`
}

function findAnonymized(world: World, call: Call) {
  const found = findBranch(world, call)
  const { anonymization } = found.record
  if (!anonymization) throw branches.notAnonymized()
  return { ...found, anonymization }
}

function describe({ branch }: BranchRecord, anonymization: Anonymization) {
  const { state, message, createdAt, updatedAt, failedAt, lastRun } = anonymization
  return {
    project_id: branch.project_id,
    branch_id: branch.id,
    state,
    ...(message ? { status_message: message } : {}),
    created_at: createdAt,
    updated_at: updatedAt,
    ...(failedAt ? { failed_at: failedAt } : {}),
    ...(lastRun ? { last_run: lastRun } : {}),
  }
}

const getAnonymizedBranchStatus: Handler = (world, call) => {
  const { record, anonymization } = findAnonymized(world, call)
  return { body: describe(record, anonymization) }
}

const getMaskingRules: Handler = (world, call) => ({
  body: { masking_rules: findAnonymized(world, call).anonymization.rules },
})

const updateMaskingRules: Handler = (world, call) => {
  const { anonymization } = findAnonymized(world, call)
  const { masking_rules: rules } = call.body as { masking_rules: MaskingRule[] }
  checkRules(rules)
  anonymization.rules = rules
  return { body: { masking_rules: rules } }
}

const startAnonymization: Handler = (world, call) => {
  const { project, record, anonymization } = findAnonymized(world, call)
  if (!['initialized', 'error', 'anonymized'].includes(anonymization.state)) {
    throw masking.wrongState(anonymization.state)
  }
  move(world, anonymization, 'anonymizing')
  const work = () => anonymize(world, project, record, anonymization)
  schedule(world, project, [{ action: 'apply_config', branchId: record.branch.id, work }])
  return { body: describe(record, anonymization) }
}

export const anonymizeHandlers = {
  createProjectBranchAnonymized,
  getAnonymizedBranchStatus,
  getMaskingRules,
  startAnonymization,
  updateMaskingRules,
}

import { parseRoles, type RoleRequest } from '../database/roles/index.ts'
import { kubeconfigProblem, parseDaprComponent, parseSecretKeys } from '../kubernetes/index.ts'
import { parseMaskingRules } from '../neon/index.ts'
import { ActionError } from '../runtime/errors.ts'
import type { Secrets } from '../runtime/secrets.ts'
import { firstOf, hasControl, oneLine, quoted, withoutTail } from '../runtime/shown.ts'
import type { Config, KubernetesConfig, NeonConfig, SchemaConfig } from './config.ts'
import type { InputName } from './defaults.ts'
import { asksToProvision, looksSwapped, withAliases } from './neon-names.ts'
import { createReader, type Reader } from './reader.ts'
import { checkTogether } from './rules.ts'
import { checkShapes } from './shapes.ts'

const MODES = ['auto', 'provision', 'preview', 'cleanup', 'sweep', 'reset', 'rotate', 'plan', 'diff'] as const
const DAY = 86_400_000
// Bounds of ProjectCreateRequest and EndpointSettings in Neon's API description.
const SUSPEND = { least: -1, most: 604_800, whole: true }
const COMPUTE_UNITS = { least: 0.25, most: 64, whole: false }
// Neon never had an older one; which newer ones there are is Neon's to say.
const POSTGRES = { least: 14, most: 99, whole: true }
const LONGEST_RETENTION = 30 * DAY
// setTimeout of Node fires at once for a longer one (manual, timers). PostgreSQL's lock_timeout and statement_timeout are
// ints of milliseconds as well (guc_tables.c).
const LONGEST_TIMER = 2 ** 31 - 1

/**
 * Reads every input into a {@link Config} and opens the kubeconfig, whose secrets are registered by then. Throws one
 * {@link ActionError} that lists all wrong inputs; nothing has been asked of any service by then. The Kubernetes client is
 * loaded only where there is a kubeconfig.
 */
export async function judgeInputs(getInput: (name: InputName) => string, secrets: Secrets): Promise<Config> {
  const { config, problems } = collect(getInput)
  const { kubernetes } = config
  if (kubernetes) {
    const { kubeconfig, context } = kubernetes
    const problem = await kubeconfigProblem(secrets, { kubeconfig, ...(context ? { context } : {}) })
    if (problem) problems.push(`Inputs kubeconfig and kube_context: ${problem}`)
  }
  if (problems.length > 0) throw new ActionError(problemList(problems))
  return config
}

function collect(getInput: (name: InputName) => string): { config: Config; problems: string[] } {
  const reader = createReader(withAliases(getInput))
  const notices: string[] = []
  const roles = reader.parsed('roles', parseRoles, [])
  const config: Config = {
    mode: reader.choice('mode', MODES),
    timeout: reader.duration('timeout', LONGEST_TIMER) ?? 0,
    connectionString: reader.text('connection_string'),
    asksToProvision: asksToProvision(reader.given),
    looksSwapped: looksSwapped(reader.given),
    onMissingKey: reader.choice('on_missing_key', ['fail', 'skip']),
    notices,
    neon: readNeon(reader, notices),
    schema: readSchemaConfig(reader),
    kubernetes: readKubernetes(reader, roles),
    roles,
    report: {
      githubToken: reader.text('github_token'),
      comment: readComment(reader),
      commentId: reader.text('comment_id'),
      summary: reader.flag('summary') ?? true,
      diagram: reader.flag('diagram') ?? true,
      diff: reader.choice('diff', ['on', 'off']) === 'on',
      counts: reader.choice('counts', ['exact', 'estimate', 'off']),
      requireTables: reader.choice('require_tables', ['auto', 'true', 'false']),
    },
    sweep: {
      maxAge: reader.duration('max_age'),
      keep: reader.lines('keep'),
      dryRun: reader.flag('dry_run') ?? false,
      pattern: reader.text('sweep_pattern'),
    },
    compare: {
      compareBranch: reader.text('compare_branch'),
      baseBranch: reader.text('base_branch'),
      timestamp: reader.text('timestamp'),
      lsn: reader.text('lsn'),
    },
  }
  checkTogether(config, reader)
  checkShapes(config, reader)
  return { config, problems: reader.problems }
}

function problemList(problems: string[]): string {
  if (problems.length === 1) return problems.join('')
  return `${problems.length} inputs are wrong:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`
}

/** `auto`, or a boolean in any of YAML's spellings. */
function readComment(reader: Reader): 'auto' | 'true' | 'false' {
  const text = reader.text('comment').toLowerCase()
  if (text === '' || text === 'auto') return 'auto'
  if (text === 'true' || text === 'false') return text
  reader.problem(`Input comment is ${quoted(reader.text('comment'))}: it must be 'auto', 'true' or 'false'.`)
  return 'auto'
}

/**
 * Input `parent`: whether to reset to the parent, or, as in version 5 of Neon's create-branch-action, the parent's name,
 * timestamp or LSN.
 */
function readParent(reader: Reader, notices: string[]): { parent: boolean; parentBranch: string } {
  const parentBranch = reader.text('parent_branch')
  const text = reader.text('parent')
  if (text === '' || /^(true|false)$/i.test(text)) return { parent: reader.flag('parent') ?? false, parentBranch }
  if (parentBranch !== '') {
    reader.problem(
      `Inputs parent ${quoted(text)} and parent_branch ${quoted(parentBranch)}: parent is 'true' or 'false', which is whether to reset; the branch to begin from is parent_branch.`,
    )
  }
  notices.push(
    `Input parent is ${quoted(text)}: it is taken as parent_branch, as in version 5 of Neon's create-branch-action. Write parent_branch: ${oneLine(text)}; parent takes 'true' or 'false', which is whether to reset.`,
  )
  return { parent: false, parentBranch: text }
}

function readNeon(reader: Reader, notices: string[]): NeonConfig {
  const branchId = reader.text('branch_id')
  if (reader.text('password') !== '') {
    notices.push('Input password is ignored: the password of the role comes from Neon. Take it out.')
  }
  const retention = reader.duration('history_retention')
  if (retention !== null && retention > LONGEST_RETENTION) {
    reader.problem(
      `Input history_retention is ${quoted(reader.text('history_retention'))}: Neon keeps at most 30 days.`,
    )
  }
  return {
    apiKey: reader.text('api_key'),
    apiHost: withoutTail(reader.text('api_host'), '/'),
    projectId: reader.text('project_id'),
    projectName: reader.text('project_name'),
    orgId: reader.text('org_id'),
    region: reader.text('region'),
    pgVersion: reader.number('pg_version', POSTGRES),
    branchName: reader.text('branch_name'),
    branchType: reader.choice('branch_type', ['default', 'schema-only']),
    database: reader.text('database'),
    role: reader.text('role'),
    expiresIn: reader.text('expires_in'),
    expiresAt: reader.text('expires_at'),
    suspendTimeout: reader.number('suspend_timeout', SUSPEND),
    minCu: reader.number('min_cu', COMPUTE_UNITS),
    maxCu: reader.number('max_cu', COMPUTE_UNITS),
    historyRetention: retention,
    allowedIps: reader.lines('allowed_ips').flatMap((line) => line.split(/[\s,]+/).filter((part) => part !== '')),
    blockPublicConnections: reader.flag('block_public_connections'),
    protectDefaultBranch: reader.flag('protect_default_branch') ?? false,
    maskingRules: reader.parsed('masking_rules', (text) => (text ? parseMaskingRules(text) : null), null),
    prisma: reader.flag('prisma') ?? false,
    ssl: reader.choice('ssl', ['require', 'verify-ca', 'verify-full', 'omit']),
    getAuthUrl: reader.flag('get_auth_url') ?? false,
    getDataApiUrl: reader.flag('get_data_api_url') ?? false,
    branch: branchId || reader.text('branch'),
    ...readParent(reader, notices),
    fresh: reader.flag('fresh') ?? false,
  }
}

function readSchemaConfig(reader: Reader): SchemaConfig {
  const entries = reader.lines('schema')
  return {
    entries: entries.length === 0 ? null : entries.filter((entry) => entry !== 'none'),
    migrateCommand: reader.text('migrate_command'),
    migrateLedgers: readLedgerNames(reader),
    baseline: reader.text('baseline'),
    transaction: reader.choice('transaction', ['file', 'all', 'none']),
    onEdit: reader.choice('on_edit', ['reset', 'fail', 'accept']),
    outOfOrder: reader.choice('out_of_order', ['warn', 'fail']),
    lockWait: reader.duration('lock_wait', LONGEST_TIMER) ?? 0,
    lockTimeout: reader.duration('lock_timeout', LONGEST_TIMER) ?? 0,
    statementTimeout: reader.duration('statement_timeout', LONGEST_TIMER) ?? 0,
    showDetail: reader.flag('show_detail') ?? false,
  }
}

const LEDGER_NAME = /^[^\s.'"\\]+(\.[^\s'"\\]+)?$/

/** Separated by commas or lines. */
function readLedgerNames(reader: Reader): string[] {
  const told = reader.lines('migrate_ledger').flatMap((line) => line.split(',').map((name) => name.trim()))
  const names = told.filter((name) => name !== '')
  const wrong = names.filter((name) => !LEDGER_NAME.test(name) || hasControl(name))
  if (wrong.length === 0) return names
  const shown = firstOf(wrong.map(quoted), ', ')
  reader.problem(`Input migrate_ledger has ${shown}: write table or schema.table, without quotes.`)
  return []
}

function readKubernetes(reader: Reader, roles: RoleRequest[]): KubernetesConfig | null {
  const names = roles.map(({ name }) => name)
  const config: KubernetesConfig = {
    kubeconfig: reader.text('kubeconfig'),
    context: reader.text('kube_context'),
    namespace: reader.text('namespace'),
    createNamespace: reader.flag('create_namespace') ?? false,
    secretName: reader.text('secret_name'),
    secretKeys: reader.parsed('secret_keys', (text) => parseSecretKeys(text, names), []),
    secretLabels: readLabels(reader),
    secretForce: reader.flag('secret_force') ?? false,
    daprComponent: reader.parsed('dapr_component', checkedDapr, ''),
  }
  return config.kubeconfig === '' ? null : config
}

/** The text as it is, once it has been read: which version it names is judged with the other inputs. */
function checkedDapr(text: string): string {
  parseDaprComponent(text)
  return text
}

function readLabels(reader: Reader): Record<string, string> {
  const lines = reader.lines('secret_labels')
  const wrong = lines.filter((line) => line.search(/[=:]/) < 1)
  if (wrong.length > 0) {
    const [which, must] = wrong.length === 1 ? ['the line', 'it must read'] : ['the lines', 'each must read']
    reader.problem(`Input secret_labels has ${which} ${firstOf(wrong.map(quoted), ', ')}: ${must} 'key=value'.`)
  }
  const pairs = lines.map((line) => [line, line.search(/[=:]/)] as const).filter(([, at]) => at >= 1)
  return Object.fromEntries(pairs.map(([line, at]) => [line.slice(0, at).trim(), line.slice(at + 1).trim()]))
}

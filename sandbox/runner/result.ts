import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { commandFiles, Folders } from './environment.ts'
import { parseKeyValues, SUMMARY_LIMIT, summaryTooLong } from './file-commands.ts'
import { findLeaks, type Leak, linesOf, type Place } from './leaks.ts'
import type { Annotation, Group, StepLog } from './step-log.ts'
import type { ProcessEnd } from './step-process.ts'

/** What a step has done, as the runner and its reader see it. */
export interface RunResult extends ProcessEnd {
  conclusion: 'success' | 'failure' | 'cancelled'
  /** What the run's page shows. */
  log: string
  /** What the process wrote, commands and secrets included. */
  rawLog: string
  outputs: Record<string, string>
  /** Outputs that action.yml does not declare. */
  unknownOutputs: string[]
  state: Record<string, string>
  environment: Record<string, string>
  path: string[]
  /** Masked; empty when it was longer than the runner takes. */
  summary: string
  annotations: Annotation[]
  droppedAnnotations: Annotation[]
  groups: Group[]
  masks: string[]
  /** Files left in the runner's temporary folder, by path below it. */
  leftFiles: string[]
  milliseconds: number
  /** Where a secret survives; outputs named in `allowedOutputs` may hold it. */
  leaks(secrets: readonly string[], allowedOutputs?: readonly string[]): Leak[]
}

/** What is there when a step's process has ended. */
export interface Collected {
  log: StepLog
  end: ProcessEnd
  files: ReturnType<typeof commandFiles>
  folders: Folders
  milliseconds: number
  declared: readonly string[]
}

/**
 * Reads what a step left behind, applies masks and limits, and judges it: a non-zero exit code, a refused command or a broken
 * command file fail it.
 */
export async function collectResult({
  log,
  end,
  files,
  folders,
  milliseconds,
  declared,
}: Collected): Promise<RunResult> {
  let failed = log.failed || end.exitCode !== 0
  const read = async (name: 'output' | 'state' | 'env'): Promise<Record<string, string>> => {
    try {
      const blocked = name === 'env' ? ['NODE_OPTIONS'] : []
      const values = parseKeyValues(await readFile(files[name], 'utf8'))
      const refused = blocked.filter((key) => values.delete(key))
      if (refused.length > 0) throw new Error(`Can't store ${refused} output parameter using '$GITHUB_ENV' command.`)
      return Object.fromEntries(values)
    } catch (error) {
      failed = true
      log.annotate({ type: 'error', message: `Unable to process file command '${name}' successfully.` })
      log.annotate({ type: 'error', message: error instanceof Error ? error.message : String(error) })
      return {}
    }
  }
  const outputs = { ...Object.fromEntries(log.outputs), ...(await read('output')) }
  const state = { ...Object.fromEntries(log.state), ...(await read('state')) }
  const environment = await read('env')
  const path = (await readFile(files.path, 'utf8')).split('\n').filter((line) => line !== '')
  const summary = await readSummary(files.step_summary, log)
  const left = await readLeft(folders.temp)
  const places = {
    log: linesOf('log', log.shown.join('\n')),
    rest: [
      ...[...log.annotations, ...log.dropped].map((one, index) => ({
        where: `annotation ${index + 1}`,
        text: `${one.title ?? ''}\n${one.message}`,
      })),
      ...linesOf('summary', summary),
      ...entries('state', state),
      ...entries('environment', environment),
      ...path.map((text) => ({ where: 'path', text })),
      ...left,
    ],
  }
  return {
    ...end,
    conclusion: end.cancelled ? 'cancelled' : failed ? 'failure' : 'success',
    log: log.shown.join('\n'),
    rawLog: log.raw.join('\n'),
    outputs,
    unknownOutputs: Object.keys(outputs).filter((name) => !declared.includes(name)),
    state,
    environment,
    path,
    summary,
    annotations: log.annotations,
    droppedAnnotations: log.dropped,
    groups: log.groups,
    masks: [...log.masker.values],
    leftFiles: left.map(({ where }) => where.replace(/^file /, '')),
    milliseconds,
    leaks(secrets, allowedOutputs = []) {
      const closed = Object.entries(outputs).filter(([name]) => !allowedOutputs.includes(name))
      return findLeaks([...places.log, ...places.rest, ...entries('output', Object.fromEntries(closed))], secrets)
    },
  }
}

async function readSummary(file: string, log: StepLog): Promise<string> {
  const { size } = await stat(file)
  if (size > SUMMARY_LIMIT) {
    log.annotate({ type: 'error', message: summaryTooLong(size) })
    return ''
  }
  const text = await readFile(file, 'utf8')
  return text
    .split('\n')
    .map((line) => log.masker.mask(line))
    .join('\n')
}

async function readLeft(folder: string): Promise<Place[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Promise.all(
    files.map(async (file) => ({ where: `file ${file.slice(folder.length + 1)}`, text: await readFile(file, 'utf8') })),
  )
}

function entries(name: string, values: Record<string, string>): Place[] {
  return Object.entries(values).map(([key, value]) => ({ where: `${name} ${key}`, text: `${key}\n${value}` }))
}

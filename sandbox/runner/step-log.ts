import { parseCommand } from './commands.ts'
import { createMasker, type Masker } from './masker.ts'

/** An annotation as the run's page shows it, masked. */
export interface Annotation {
  type: 'error' | 'warning' | 'notice'
  message: string
  title?: string
  file?: string
  line?: number
  endLine?: number
  column?: number
  endColumn?: number
}

/** A folded group of the log, masked. */
export interface Group {
  title: string
  lines: string[]
}

/** What a step's lines have amounted to so far. */
export interface StepLog {
  readonly masker: Masker
  readonly raw: string[]
  readonly shown: string[]
  readonly groups: Group[]
  readonly annotations: Annotation[]
  /** Annotations beyond the tenth of their type; the runner keeps none of them. */
  readonly dropped: Annotation[]
  /** Outputs and state set by the old commands on standard output. */
  readonly outputs: Map<string, string>
  readonly state: Map<string, string>
  /** A command was refused; the step has failed whatever its exit code. */
  readonly failed: boolean
  /** Takes one line of the process; answers the line that the log shows, or undefined. */
  take(line: string): string | undefined
  annotate(annotation: Annotation): string
}

// ExecutionContext.cs: ten issues of a type per step, messages cut at 4096 characters.
const MOST_ANNOTATIONS = 10
const LONGEST_MESSAGE = 4096

/** An empty log. @param debug true shows `::debug::` lines, as a run with debug logging does. */
export function createStepLog(debug: boolean): StepLog {
  const masker = createMasker()
  const shown: string[] = []
  const raw: string[] = []
  const groups: Group[] = []
  const annotations: Annotation[] = []
  const dropped: Annotation[] = []
  const outputs = new Map<string, string>()
  const state = new Map<string, string>()
  let failed = false
  let stopToken = ''
  let group: Group | undefined

  const show = (line: string): string => {
    const masked = masker.mask(line)
    shown.push(masked)
    group?.lines.push(masked)
    return masked
  }
  const annotate = (annotation: Annotation): string => {
    const message = masker.mask(annotation.message).slice(0, LONGEST_MESSAGE)
    const clean = { ...annotation, message, ...(annotation.title ? { title: masker.mask(annotation.title) } : {}) }
    const kept = annotations.filter(({ type }) => type === annotation.type).length < MOST_ANNOTATIONS
    ;(kept ? annotations : dropped).push(clean)
    return show(`##[${annotation.type}]${annotation.message}`)
  }
  const refuse = (message: string): string => {
    failed = true
    return annotate({ type: 'error', message })
  }

  const take = (line: string): string | undefined => {
    raw.push(line)
    const command = parseCommand(line, stopToken)
    if (!command) return show(line)
    const { name, data, properties } = command
    if (stopToken) {
      stopToken = ''
      return show(line)
    }
    switch (name) {
      case 'add-mask':
        if (data.trim() === '') {
          return annotate({
            type: 'warning',
            message: "Can't add secret mask for empty string in ##[add-mask] command.",
          })
        }
        masker.add(data)
        return undefined
      case 'error':
      case 'warning':
      case 'notice':
        return annotate({ type: name, message: data, ...place(properties) })
      case 'group': {
        const text = show(`##[group]${data}`)
        group = { title: masker.mask(data), lines: [] }
        groups.push(group)
        return text
      }
      case 'endgroup':
        group = undefined
        return show('##[endgroup]')
      case 'debug':
        return debug ? show(`##[debug]${data}`) : undefined
      case 'stop-commands':
        stopToken = data
        return show(line)
      case 'set-output':
        outputs.set(properties.name ?? '', data)
        return annotate({
          type: 'warning',
          message: 'The `set-output` command is deprecated and will be disabled soon.',
        })
      case 'save-state':
        state.set(properties.name ?? '', data)
        return annotate({
          type: 'warning',
          message: 'The `save-state` command is deprecated and will be disabled soon.',
        })
      case 'set-env':
      case 'add-path':
        return refuse(`The \`${name}\` command is disabled. Please upgrade to using Environment Files.`)
      default:
        return undefined
    }
  }
  return {
    masker,
    raw,
    shown,
    groups,
    annotations,
    dropped,
    outputs,
    state,
    get failed() {
      return failed
    },
    take,
    annotate,
  }
}

function place(properties: Record<string, string>): Omit<Annotation, 'type' | 'message'> {
  const { title, file } = properties
  const numbers = { line: 'line', endLine: 'endLine', col: 'column', endColumn: 'endColumn' } as const
  const found: Record<string, number> = {}
  for (const [name, key] of Object.entries(numbers)) {
    const value = Number.parseInt(properties[name] ?? '', 10)
    if (!Number.isNaN(value)) found[key] = value
  }
  return { ...(title ? { title } : {}), ...(file ? { file } : {}), ...found }
}

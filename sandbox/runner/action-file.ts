import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'

/** One input as action.yml declares it. */
export interface InputDefinition {
  default: string
  deprecationMessage: string
}

/** The contract of an action, read from its action.yml. */
export interface ActionFile {
  directory: string
  /** Script below the directory. */
  main: string
  /** By name as written; the runner compares names without regard to case. */
  inputs: Map<string, InputDefinition>
  outputs: string[]
}

interface RawAction {
  inputs?: Record<string, { default?: unknown; deprecationMessage?: unknown } | null>
  outputs?: Record<string, unknown>
  runs?: { using?: unknown; main?: unknown; pre?: unknown; post?: unknown }
}

/**
 * Reads `action.yml` of a directory.
 * @throws when it does not run a main script on node24; a step before or after the main one is not played here.
 */
export async function readActionFile(directory: string): Promise<ActionFile> {
  const raw = parse(await readFile(join(directory, 'action.yml'), 'utf8')) as RawAction
  const { using, main, pre, post } = raw.runs ?? {}
  if (using !== 'node24') throw new Error(`action.yml: runs.using is ${String(using)}, not node24`)
  if (typeof main !== 'string') throw new Error('action.yml: runs.main is missing')
  if (pre !== undefined || post !== undefined) throw new Error('action.yml: runs.pre and runs.post are not played here')
  const inputs = Object.entries(raw.inputs ?? {}).map(([name, definition]): [string, InputDefinition] => [
    name,
    { default: text(definition?.default), deprecationMessage: text(definition?.deprecationMessage) },
  ])
  return { directory, main, inputs: new Map(inputs), outputs: Object.keys(raw.outputs ?? {}) }
}

/**
 * The `INPUT_*` variables of a run, and what the runner warns of (ActionRunner.cs, Handler.cs). Names are compared without
 * regard to case. A declared input has its default only where its key is absent: one given as empty text stays empty. An
 * input that action.yml does not know is a warning, and reaches the action all the same.
 * @param github the context that defaults such as `${{ github.token }}` read.
 * @throws for a default with an expression other than a property of `github`.
 */
export function inputVariables(
  action: ActionFile,
  given: Record<string, string>,
  github: Record<string, unknown>,
): { variables: Record<string, string>; warnings: string[] } {
  const names = [...action.inputs.keys()]
  const known = new Map([...action.inputs].map(([name, definition]) => [name.toLowerCase(), definition]))
  const values = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]))
  const warnings = Object.keys(given).flatMap((name) => {
    const message = known.get(name.toLowerCase())?.deprecationMessage
    return message ? [`Input '${name}' has been deprecated with message: ${message}`] : []
  })
  const unexpected = Object.keys(given).filter((name) => !known.has(name.toLowerCase()))
  if (unexpected.length > 0) {
    warnings.push(`Unexpected input(s) '${unexpected.join("', '")}', valid inputs are ['${names.join("', '")}']`)
  }
  const variables: Record<string, string> = {}
  for (const [name, definition] of action.inputs) {
    variables[variableName(name)] = values.get(name.toLowerCase()) ?? evaluate(definition.default, github)
  }
  for (const name of unexpected) variables[variableName(name)] = given[name] ?? ''
  return { variables, warnings }
}

/** The variable an input arrives in. */
export function variableName(input: string): string {
  return `INPUT_${input.replaceAll(' ', '_').toUpperCase()}`
}

function evaluate(template: string, github: Record<string, unknown>): string {
  return template.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_whole, expression: string) => {
    const [root, ...path] = expression.split('.')
    if (root !== 'github' || path.some((step) => !/^\w+$/.test(step))) {
      throw new Error(`action.yml: the expression ${expression} is not played here`)
    }
    const found = path.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], github)
    return text(found)
  })
}

function text(value: unknown): string {
  return value === undefined || value === null ? '' : String(value)
}

import {
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { type NeonAction, neonAction } from './neon-actions.ts'

/** A step of a job, with the places of what may change. */
export interface StepNode {
  job: JobNode
  map: YAMLMap
  id: string
  uses: string
  run: string
  condition: string
  /** Inputs by name, as they are written; values are the text of the file, without quotes. */
  inputs: Map<string, InputNode>
  with: YAMLMap | undefined
  /** Which of Neon's four it is, if one. */
  neon: NeonAction | undefined
  offset: number
}

/** An input of a step. */
export interface InputNode {
  key: Scalar
  pair: Pair
  text: string
  offset: number
}

/** A job, with the places of what may change. */
export interface JobNode {
  id: string
  map: YAMLMap
  condition: string
  uses: string
  steps: StepNode[]
  /** Its outputs by name. */
  outputs: Map<string, { text: string; offset: number }>
  offset: number
}

/** A workflow file that can be looked at, and changed at places. */
export interface WorkflowFile {
  text: string
  document: Document
  /** Events it waits for, with their activity types where it names some. */
  events: Map<string, string[]>
  jobs: JobNode[]
  steps: StepNode[]
}

/** Reads a workflow. @throws an Error with line and column for what is no YAML, and for a file without jobs. */
export function readWorkflowFile(text: string): WorkflowFile {
  const document = parseDocument(text)
  const [error] = document.errors
  if (error) throw new Error(error.message)
  const jobs = document.get('jobs')
  if (!isMap(jobs)) throw new Error('It has no jobs: this is no workflow.')
  const nodes = jobs.items.flatMap((pair) =>
    isPair(pair) && isMap(pair.value) ? [jobNode(pair as Pair, pair.value)] : [],
  )
  return { text, document, events: eventsOf(document), jobs: nodes, steps: nodes.flatMap(({ steps }) => steps) }
}

/** The value of a key as text; empty where there is none, or none that is a scalar. */
export function textOf(map: YAMLMap, key: string): string {
  const value = map.get(key)
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value)
}

/** Where a node begins. */
export function offsetOf(node: unknown): number {
  const range = (node as { range?: [number, number, number] | null }).range
  return range?.[0] ?? 0
}

/** The pair of a key, if it is there. */
export function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key)
}

function jobNode(pair: Pair, map: YAMLMap): JobNode {
  const job: JobNode = {
    id: String((pair.key as Scalar).value),
    map,
    condition: textOf(map, 'if'),
    uses: textOf(map, 'uses'),
    steps: [],
    outputs: new Map(),
    offset: offsetOf(pair.key),
  }
  const outputs = map.get('outputs')
  if (isMap(outputs)) {
    for (const { key, value } of outputs.items) {
      job.outputs.set(String((key as Scalar).value), {
        text: String((value as Scalar | null)?.value ?? ''),
        offset: offsetOf(key),
      })
    }
  }
  const steps = map.get('steps')
  if (isSeq(steps)) job.steps = steps.items.flatMap((item) => (isMap(item) ? [stepNode(job, item)] : []))
  return job
}

function stepNode(job: JobNode, map: YAMLMap): StepNode {
  const uses = textOf(map, 'uses')
  const given = map.get('with')
  const comment = (pairOf(map, 'uses')?.value as Scalar | undefined)?.comment ?? ''
  return {
    job,
    map,
    id: textOf(map, 'id'),
    uses,
    run: textOf(map, 'run'),
    condition: textOf(map, 'if'),
    inputs: isMap(given) ? inputsOf(given) : new Map(),
    with: isMap(given) ? given : undefined,
    neon: neonAction(uses, comment),
    offset: offsetOf(pairOf(map, 'uses')?.key ?? map),
  }
}

function inputsOf(map: YAMLMap): Map<string, InputNode> {
  return new Map(
    map.items.flatMap((pair): [string, InputNode][] => {
      if (!isScalar(pair.key)) return []
      const text = isScalar(pair.value) ? String(pair.value.value ?? '') : ''
      return [[String(pair.key.value), { key: pair.key, pair, text, offset: offsetOf(pair.key) }]]
    }),
  )
}

function eventsOf(document: Document): Map<string, string[]> {
  const on = (document.toJS() as { on?: unknown }).on
  if (typeof on === 'string') return new Map([[on, []]])
  if (Array.isArray(on)) return new Map(on.map((name) => [String(name), []]))
  return new Map(
    Object.entries((on ?? {}) as Record<string, { types?: string | string[] } | null>).map(([name, trigger]) => {
      const types = trigger?.types ?? []
      return [name, Array.isArray(types) ? types : [types]]
    }),
  )
}

import { type Document, type Place, type Selection, SyntaxProblem, type Value } from './graphql-parse.ts'

type Scalar = string | number | boolean | null

/** A value as JSON has it. */
export type Plain = Scalar | Plain[] | { [key: string]: Plain }

/** An object of the graph: its type, and what each of its fields gives. */
export interface Node {
  type: string
  fields: Record<string, (given: Record<string, Plain>) => Outcome>
}

interface Failure {
  failure: { type: string; message: string }
}

/** What a field gives: a value, objects to select from, or a failure beside which the field is null. */
export type Outcome = Scalar | Node | Node[] | Failure

/** An entry of `errors` in a reply. */
export interface GraphqlError {
  type?: string
  path?: (string | number)[]
  extensions?: Record<string, string>
  locations: Place[]
  message: string
}

interface Execution {
  document: Document
  variables: Record<string, Plain>
  errors: GraphqlError[]
}

/**
 * Executes a parsed query on the graph below `root` (specification October 2021, section 6). A field that fails or that
 * its type does not have is null, with an entry in `errors`. Throws a {@link SyntaxProblem} for a fragment that the
 * document does not define.
 */
export function execute(query: { root: Node; document: Document; variables: Record<string, Plain> | undefined }): {
  data: Plain
  errors: GraphqlError[]
} {
  const { root, document } = query
  const execution: Execution = {
    document,
    variables: { ...constants(document.defaults), ...query.variables },
    errors: [],
  }
  const data = resolve(root, document.selections, [], execution)
  return { data, errors: execution.errors }
}

type Field = Extract<Selection, { kind: 'field' }>

/** How many fields and fragments a query selects, nested ones included. */
export function countFields(selections: readonly Selection[]): number {
  return selections.reduce((sum, one) => sum + 1 + ('children' in one ? countFields(one.children) : 0), 0)
}

// Objects of Git are the only ones whose type a query does not know beforehand.
const ALTERNATIVES = ['Commit', 'Tree', 'Blob', 'Tag']

function isFor(type: string | null, node: Node): boolean {
  return type === null || type === node.type || !ALTERNATIVES.includes(type)
}

function flatten(selections: readonly Selection[], node: Node, execution: Execution): Field[] {
  return selections.flatMap((selection) => {
    if (selection.kind === 'field') return [selection]
    if (selection.kind === 'inline') {
      return isFor(selection.type, node) ? flatten(selection.children, node, execution) : []
    }
    const fragment = execution.document.fragments.get(selection.fragment)
    if (!fragment) throw new SyntaxProblem(`Fragment ${selection.fragment} was used, but not defined`, selection.at)
    return isFor(fragment.type, node) ? flatten(fragment.children, node, execution) : []
  })
}

function resolve(node: Node, selections: readonly Selection[], path: (string | number)[], execution: Execution): Plain {
  const result: Record<string, Plain> = {}
  for (const field of flatten(selections, node, execution)) {
    const here = [...path, field.alias]
    const read = field.name === '__typename' ? () => node.type : node.fields[field.name]
    if (!read) {
      execution.errors.push(undefinedField(field, node.type, ['query', ...here]))
      result[field.alias] = null
      continue
    }
    const outcome = read(constants(field.arguments, execution.variables))
    if (Array.isArray(outcome)) {
      result[field.alias] = outcome.map((one, index) => resolve(one, field.children, [...here, index], execution))
    } else if (typeof outcome !== 'object' || outcome === null) {
      result[field.alias] = outcome
    } else if ('failure' in outcome) {
      execution.errors.push({ ...outcome.failure, path: here, locations: [field.at] })
      result[field.alias] = null
    } else {
      result[field.alias] = resolve(outcome, field.children, here, execution)
    }
  }
  return result
}

function undefinedField(field: Field, type: string, path: (string | number)[]): GraphqlError {
  return {
    path,
    extensions: { code: 'undefinedField', typeName: type, fieldName: field.name },
    locations: [field.at],
    message: `Field '${field.name}' doesn't exist on type '${type}'`,
  }
}

/** Arguments as plain values, variables filled in. */
function constants(values: Record<string, Value>, variables: Record<string, Plain> = {}): Record<string, Plain> {
  const constant = (value: Value): Plain => {
    if ('variable' in value) return variables[value.variable] ?? null
    if ('enum' in value) return value.enum
    if ('list' in value) return value.list.map(constant)
    return 'object' in value ? constants(value.object, variables) : value.literal
  }
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, constant(value)]))
}

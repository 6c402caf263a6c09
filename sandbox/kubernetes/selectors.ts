import { type Item, Refusal, type Resource } from './objects.ts'
import { labelValueProblems, qualifiedProblems } from './validation.ts'

type Test = (item: Item) => boolean
type Labels = Record<string, string>

/**
 * The objects that both selectors of a list mean. Throws the API server's 400, in the words of its parsers
 * (k8s.io/apimachinery/pkg/labels, pkg/fields).
 */
export function select(resource: Resource, items: Item[], query: URLSearchParams): Item[] {
  const byLabel = labelTest(query.get('labelSelector') ?? '')
  const byField = fieldTest(resource, query.get('fieldSelector') ?? '')
  return items.filter((item) => byLabel(item) && byField(item))
}

/** The one name that a field selector leaves; RBAC judges a list by it as if it were that object. */
export function selectedName(query: URLSearchParams): string {
  const parts = (query.get('fieldSelector') ?? '').split(',')
  return parts.map((part) => /^metadata\.name==?([^=]+)$/.exec(part)?.[1]).find((name) => name) ?? ''
}

function fieldTest(resource: Resource, selector: string): Test {
  const tests = selector
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [, field, operator, value] = /^([^=!]+)(!=|==?)(.*)$/.exec(part) ?? []
      if (!field) throw bad(`invalid selector: '${selector}'; can't understand '${part}'`)
      const read = fieldsOf(resource)[field]
      if (!read) throw bad(`field label not supported: ${field}`)
      return (item: Item) => (read(item) === value) === (operator !== '!=')
    })
  return (item) => tests.every((test) => test(item))
}

function fieldsOf({ kind }: Resource): Record<string, (item: Item) => string> {
  return {
    'metadata.name': ({ metadata }) => metadata.name,
    'metadata.namespace': ({ metadata }) => metadata.namespace ?? '',
    ...(kind === 'Secret' ? { type: (item: Item) => String(item.type) } : {}),
    ...(kind === 'Namespace' ? { 'status.phase': (item: Item) => (item.status as { phase: string }).phase } : {}),
  }
}

function bad(message: string): Refusal {
  return new Refusal(400, 'BadRequest', message)
}

function unparsed(message: string): Refusal {
  return bad(`unable to parse requirement: ${message}`)
}

/** Words and signs of a label selector; the empty text is its end. */
class Tokens {
  readonly #all: string[]
  constructor(selector: string) {
    this.#all = selector.match(/==|!=|[=!(),<>]|[^\s=!(),<>]+/g) ?? []
  }
  get next(): string {
    return this.#all[0] ?? ''
  }
  take(): string {
    return this.#all.shift() ?? ''
  }
}

const isWord = (token: string) => token !== '' && !/^(==|!=|[=!(),<>])$/.test(token)

function labelTest(selector: string): Test {
  const tokens = new Tokens(selector)
  const tests: ((labels: Labels) => boolean)[] = []
  while (tokens.next !== '') {
    tests.push(requirement(tokens))
    if (tokens.next === '') break
    const comma = tokens.take()
    if (comma !== ',') throw bad(`found '${comma}', expected: ',' or 'end of string'`)
    if (!isWord(tokens.next) && tokens.next !== '!') {
      throw bad(`found '${tokens.next}', expected: identifier after ','`)
    }
  }
  return ({ metadata }) => tests.every((test) => test(metadata.labels ?? {}))
}

function requirement(tokens: Tokens): (labels: Labels) => boolean {
  const isAbsent = tokens.next === '!'
  if (isAbsent) tokens.take()
  const key = tokens.take()
  if (!isWord(key)) throw unparsed(`found '${key}', expected: identifier`)
  const [problem] = qualifiedProblems(key)
  if (problem) throw unparsed(`invalid label key ${JSON.stringify(key)}: ${problem}`)
  if (isAbsent) return (labels) => !(key in labels)
  if (tokens.next === '' || tokens.next === ',') return (labels) => key in labels
  const operator = tokens.take()
  const values = valuesOf(tokens, operator, key)
  const isOne = (labels: Labels) => key in labels && values.includes(labels[key] ?? '')
  return operator === '!=' || operator === 'notin' ? (labels) => !isOne(labels) : isOne
}

function valuesOf(tokens: Tokens, operator: string, key: string): string[] {
  if (['=', '==', '!='].includes(operator)) {
    if (tokens.next === '' || tokens.next === ',') return ['']
    const value = tokens.take()
    if (!isWord(value)) throw unparsed(`found '${value}', expected: identifier`)
    return [checked(value, key)]
  }
  if (operator !== 'in' && operator !== 'notin') {
    throw unparsed(`found '${operator}', expected: '=', '!=', '==', 'in', notin'`)
  }
  const open = tokens.take()
  if (open !== '(') throw unparsed(`found '${open}' expected: '('`)
  const values: string[] = []
  for (;;) {
    values.push(checked(isWord(tokens.next) ? tokens.take() : '', key))
    const sign = tokens.take()
    if (sign === ')') return values
    if (sign !== ',') throw unparsed(`found '${sign}', expected: ',' or ')'`)
  }
}

function checked(value: string, key: string): string {
  const [problem] = labelValueProblems(value)
  if (problem)
    throw unparsed(`invalid label value: ${JSON.stringify(value)}: at key: ${JSON.stringify(key)}: ${problem}`)
  return value
}

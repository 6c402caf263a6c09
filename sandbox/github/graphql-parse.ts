/** A value in a query: a variable, an enum name, or what JSON has. */
export type Value =
  | { variable: string }
  | { enum: string }
  | { list: Value[] }
  | { object: Record<string, Value> }
  | { literal: string | number | boolean | null }

/** A field of a selection, or a fragment that stands in its place. */
export type Selection =
  | { kind: 'field'; alias: string; name: string; arguments: Record<string, Value>; children: Selection[]; at: Place }
  | { kind: 'inline'; type: string | null; children: Selection[] }
  | { kind: 'spread'; fragment: string; at: Place }

/** Line and column from 1, as errors name them. */
export interface Place {
  line: number
  column: number
}

/** A parsed document: its one query and its fragments. */
export interface Document {
  operation: 'query' | 'mutation' | 'subscription'
  defaults: Record<string, Value>
  selections: Selection[]
  fragments: Map<string, { type: string; children: Selection[] }>
}

/** The document is not GraphQL. */
export class SyntaxProblem extends Error {
  readonly at: Place
  constructor(message: string, at: Place) {
    super(message)
    this.at = at
  }
}

interface Token {
  kind: 'name' | 'number' | 'string' | 'punctuator' | 'end'
  text: string
  at: Place
}

const TOKEN =
  /(?<skip>[\s,\uFEFF]+|#[^\n]*)|(?<name>[_A-Za-z]\w*)|(?<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<string>"(?:[^"\\\n]|\\.)*")|(?<punctuator>\.{3}|[!$&()[\]{}:=@|])/y

function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  let offset = 0
  while (offset < source.length) {
    TOKEN.lastIndex = offset
    const groups = TOKEN.exec(source)?.groups
    const at = placeOf(source, offset)
    if (!groups)
      throw new SyntaxProblem(`Expected one of SCHEMA, QUERY, actual: UNKNOWN_CHAR ("${source[offset]}")`, at)
    for (const kind of ['name', 'number', 'string', 'punctuator'] as const) {
      const text = groups[kind]
      if (text !== undefined) tokens.push({ kind, text, at })
    }
    offset = TOKEN.lastIndex
  }
  tokens.push({ kind: 'end', text: '', at: placeOf(source, source.length) })
  return tokens
}

function placeOf(source: string, offset: number): Place {
  const before = source.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}

/**
 * Parses the executable subset of GraphQL that clients send for reads: one operation with variables, aliases, arguments,
 * fragments and inline fragments; directives and block strings are refused (specification October 2021, section 2).
 */
export function parseGraphql(source: string): Document {
  const tokens = tokenize(source)
  let position = 0
  const peek = (): Token => tokens[position] ?? { kind: 'end', text: '', at: { line: 1, column: 1 } }
  const fail = (): never => {
    const { text, at } = peek()
    throw new SyntaxProblem(text ? `Unexpected token "${text}"` : 'Unexpected end of document', at)
  }
  const next = (): Token => {
    const token = peek()
    position += 1
    return token
  }
  const accept = (text: string): boolean => {
    if (peek().text !== text || peek().kind === 'string') return false
    position += 1
    return true
  }
  const expect = (text: string): void => {
    if (!accept(text)) fail()
  }
  const name = (): string => (peek().kind === 'name' ? next().text : fail())
  const listUntil = <T>(end: string, item: () => T): T[] => {
    const items: T[] = []
    while (!accept(end)) items.push(peek().kind === 'end' ? fail() : item())
    return items
  }

  const value = (): Value => {
    if (accept('$')) return { variable: name() }
    if (accept('[')) return { list: listUntil(']', value) }
    if (accept('{')) return { object: Object.fromEntries(listUntil('}', pair)) }
    const { kind, text } = peek()
    if (kind === 'punctuator' || kind === 'end') return fail()
    next()
    if (kind === 'string' || kind === 'number') return { literal: JSON.parse(text) as string | number }
    if (text === 'true' || text === 'false') return { literal: text === 'true' }
    return text === 'null' ? { literal: null } : { enum: text }
  }
  const pair = (): [string, Value] => {
    const key = name()
    expect(':')
    return [key, value()]
  }
  const selection = (): Selection => {
    const { at } = peek()
    if (accept('...')) {
      if (peek().text === '{' || accept('on')) {
        const type = peek().text === '{' ? null : name()
        return { kind: 'inline', type, children: selections() }
      }
      return { kind: 'spread', fragment: name(), at }
    }
    const first = name()
    const field = accept(':') ? name() : first
    const given = accept('(') ? Object.fromEntries(listUntil(')', pair)) : {}
    const children = peek().text === '{' ? selections() : []
    return { kind: 'field', alias: first, name: field, arguments: given, children, at }
  }
  const selections = (): Selection[] => {
    expect('{')
    return listUntil('}', selection)
  }
  const skipType = (): void => {
    if (accept('[')) {
      skipType()
      expect(']')
    } else name()
    accept('!')
  }

  const document: Document = { operation: 'query', defaults: {}, selections: [], fragments: new Map() }
  while (peek().kind !== 'end') {
    if (accept('fragment')) {
      const fragment = name()
      expect('on')
      document.fragments.set(fragment, { type: name(), children: selections() })
      continue
    }
    const { text } = peek()
    if (text === 'query' || text === 'mutation' || text === 'subscription') {
      document.operation = text
      next()
      if (peek().kind === 'name') next()
      if (accept('(')) {
        listUntil(')', () => {
          expect('$')
          const variable = name()
          expect(':')
          skipType()
          if (accept('=')) document.defaults[variable] = value()
        })
      }
    }
    document.selections = selections()
  }
  return document
}

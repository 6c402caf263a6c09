import { data, Evaluator, Lexer, Parser } from '@actions/expressions'

/** The contexts an expression may read (`github`, `secrets`, `steps`, …), as plain values. */
export type Contexts = Record<string, unknown>

/** What `success()` and its siblings answer. */
export interface Status {
  success: boolean
  failure: boolean
  cancelled: boolean
}

/** Every job's names; one that is not there reads as null, as on GitHub. */
const CONTEXTS = ['github', 'env', 'vars', 'job', 'jobs', 'steps', 'runner', 'secrets', 'strategy', 'matrix', 'needs']
const NAMES = [...CONTEXTS, 'inputs']
const STATUS_FUNCTIONS = ['success', 'failure', 'cancelled', 'always']
const EXPRESSION = /\$\{\{([\s\S]*?)\}\}/g
const SUCCESS: Status = { success: true, failure: false, cancelled: false }

/**
 * The value of a text with `${{ }}`: of one that is a single expression whatever that gives, of any other a text.
 * Expressions are GitHub's own (`@actions/expressions`), with the status functions and `hashFiles`.
 * @throws for an expression that cannot be read.
 */
export function evaluate(text: string, contexts: Contexts, status: Status = SUCCESS): unknown {
  const single = /^\s*\$\{\{((?:(?!\}\})[\s\S])*)\}\}\s*$/.exec(text)
  if (single) return plain(calculate(single[1] ?? '', contexts, status))
  return text.replace(EXPRESSION, (_whole, inner: string) => calculate(inner, contexts, status).coerceString())
}

/** As {@link evaluate}, as the text that an input or a variable gets. */
export function evaluateText(value: unknown, contexts: Contexts, status: Status = SUCCESS): string {
  if (value === null || value === undefined) return ''
  const text = String(value)
  return text.replace(EXPRESSION, (_whole, inner: string) => calculate(inner, contexts, status).coerceString())
}

/**
 * Whether an `if:` lets a step or job run. Without a status function in it, it means `success() && (…)`. A text around an
 * expression makes all of it a text, which is true unless empty: GitHub's well-known trap.
 */
export function evaluateCondition(condition: unknown, contexts: Contexts, status: Status): boolean {
  if (condition === undefined || condition === null) return status.success
  const text = String(condition).trim()
  const single = /^\$\{\{((?:(?!\}\})[\s\S])*)\}\}$/.exec(text)
  const inner = single?.[1] ?? (text.includes('${{') ? undefined : text)
  const named = new RegExp(`\\b(?:${STATUS_FUNCTIONS.join('|')})\\s*\\(`, 'i').test(text)
  if (!named && !status.success) return false
  if (inner === undefined) return evaluateText(text, contexts, status) !== ''
  return isTrue(calculate(inner, contexts, status))
}

function calculate(expression: string, contexts: Contexts, status: Status): data.ExpressionData {
  const answers: Record<string, () => data.ExpressionData> = {
    success: () => new data.BooleanData(status.success),
    failure: () => new data.BooleanData(status.failure),
    cancelled: () => new data.BooleanData(status.cancelled),
    always: () => new data.BooleanData(true),
    hashfiles: () => new data.StringData('0'.repeat(64)),
  }
  const functions = Object.entries(answers).map(([name, call]) => {
    return { name, minArgs: 0, maxArgs: name === 'hashfiles' ? 255 : 0, call }
  })
  const { tokens } = new Lexer(expression).lex()
  const parsed = new Parser(tokens, NAMES, functions).parse()
  const known = new data.Dictionary(
    ...NAMES.map((key) => ({ key, value: JSON.parse(JSON.stringify(contexts[key] ?? {}), data.reviver) })),
  )
  return new Evaluator(parsed, known, new Map(functions.map((one) => [one.name, one]))).evaluate()
}

function isTrue(value: data.ExpressionData): boolean {
  const { kind } = value
  if (kind === data.Kind.Null) return false
  if (kind === data.Kind.Boolean) return value.coerceString() === 'true'
  if (kind === data.Kind.Number) return value.number() !== 0 && !Number.isNaN(value.number())
  return kind === data.Kind.String ? value.coerceString() !== '' : true
}

function plain(value: data.ExpressionData): unknown {
  return JSON.parse(JSON.stringify(value, data.replacer) ?? 'null')
}

/** A place in a file of the repository, for an annotation: line and column count from 1, in code points. */
export interface Location {
  file: string
  line: number
  column?: number
}

/** What may accompany an {@link ActionError}. */
export interface ErrorDetails {
  /** The next step, one imperative sentence or more. */
  advice?: string
  /** Where in the repository the cause stands. */
  location?: Location
  /** Title of the annotation, for example a SQLSTATE. */
  title?: string
  /** Outputs that are known although the run failed. */
  outputs?: Record<string, string>
}

/**
 * An error that a user can act on. Its message reads `what failed, with the value: cause.`, the advice is the next step.
 * It never keeps the original error object: an HTTP client's error carries the API key in its request headers.
 */
export class ActionError extends Error {
  readonly advice: string
  readonly location: Location | undefined
  readonly title: string | undefined
  readonly outputs: Record<string, string>

  constructor(message: string, details: ErrorDetails = {}) {
    super(message)
    this.name = 'ActionError'
    this.advice = details.advice ?? ''
    this.location = details.location
    this.title = details.title
    this.outputs = details.outputs ?? {}
  }

  /** Message and advice as one line of text. */
  get sentence(): string {
    return this.advice ? `${this.message} ${this.advice}` : this.message
  }
}

/**
 * The text of anything that was thrown, without a leading `Error: `; for an {@link ActionError}, message and advice.
 */
export function errorMessage(thrown: unknown): string {
  if (thrown instanceof ActionError) return thrown.sentence
  const aggregated = thrown instanceof AggregateError ? thrown.errors.map(errorMessage).join('; ') : ''
  const text = aggregated || (thrown instanceof Error ? thrown.message || thrown.name : String(thrown))
  // The PostgreSQL driver's own words for a socket that is gone.
  return text.replace(/^(?:Uncaught )?Error: /, '').replace(/^write CONNECTION_[A-Z]+ \S*$/, 'the connection was lost')
}

/** The `code` of a thrown error (`ECONNREFUSED`, a SQLSTATE), or an empty string. */
export function errorCode(thrown: unknown): string {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined
  return typeof code === 'string' ? code : ''
}

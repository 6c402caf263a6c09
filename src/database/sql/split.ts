import { Tokenizer, type Unterminated } from './tokens.ts'

/** One SQL statement of a source text, without its semicolon and without comments around it. */
export interface Statement {
  text: string
  /** UTF-16 offset of its first token in the source. */
  start: number
  /** UTF-16 offset behind its last token. */
  end: number
  /** Its first words, lower case, outside quotes, comments and parentheses; at most ten. */
  words: string[]
  /** Rows of the `COPY … FROM stdin` block that follows it, as they stand in the source, without the `\.` line. */
  copyData?: string
  /** UTF-16 offset of those rows in the source. */
  copyStart?: number
}

/** What may be done between tokens by someone who knows more than SQL: psql's commands and COPY rows. */
export interface SplitHooks {
  /** A backslash outside quotes; `inside` says whether a statement is open. Returns the offset to go on at. */
  onBackslash?(offset: number, inside: boolean): number
  /** A statement ended at a semicolon; `after` is the offset behind it. Returns the offset to go on at. */
  onStatement?(statement: Statement, after: number): number
  /** A comment begins at `offset`. */
  onComment?(offset: number): void
  /** The text ends within a quote or comment that opens at `offset`: what stands behind it may have been meant as SQL. */
  onUnterminated?(what: Unterminated, offset: number): void
}

const MOST_WORDS = 10

/**
 * Splits text into statements exactly where PostgreSQL's parser does; empty statements are dropped. It never fails:
 * text that is no SQL comes back as whatever stands between the semicolons, for the server to refuse.
 */
export function splitStatements(source: string): Statement[] {
  return splitWith(source, {})
}

/** {@link splitStatements} with {@link SplitHooks}. */
export function splitWith(source: string, hooks: SplitHooks): Statement[] {
  const statements: Statement[] = []
  const tokens = new Tokenizer(source)
  let open = new OpenStatement()
  const close = () => {
    if (open.start < 0) return undefined
    const { start, end, words } = open
    const statement: Statement = { text: source.slice(start, end), start, end, words }
    statements.push(statement)
    open = new OpenStatement()
    return statement
  }
  while (tokens.next()) {
    if (tokens.unterminated) hooks.onUnterminated?.(tokens.unterminated, tokens.start)
    if (tokens.kind === 'comment') {
      hooks.onComment?.(tokens.start)
      continue
    }
    if (tokens.kind === 'backslash' && hooks.onBackslash) {
      tokens.seek(hooks.onBackslash(tokens.start, open.start >= 0))
    } else if (tokens.kind === 'semicolon' && open.isComplete) {
      const statement = close()
      if (statement) tokens.backslashEscapes = escapesBehind(statement, tokens.backslashEscapes)
      if (statement && hooks.onStatement) tokens.seek(hooks.onStatement(statement, tokens.end))
    } else open.take(tokens)
  }
  close()
  return statements
}

const CONFORMING = 'standard_conforming_strings'
const SETS_CONFORMING = new RegExp(
  `(?:${CONFORMING}"?\\s*(?:=|\\bto\\b)|\\bset_config\\s*\\(\\s*'${CONFORMING}'\\s*,)\\s*'?(off|false|f|no|n|0|on|true|t|yes|y|1|default)\\b`,
  'i',
)

/**
 * Whether a backslash in a plain string is an escape behind a statement: it is while `standard_conforming_strings` is off, as old
 * dumps set it. A transaction that is rolled back takes its setting along, which the text does not tell.
 */
function escapesBehind({ words, text }: Statement, before: boolean): boolean {
  const [first, second] = words
  if ((first === 'reset' && (second === CONFORMING || second === 'all')) || (first === 'discard' && second === 'all'))
    return false
  if (first !== 'set' && first !== 'select') return before
  const value = SETS_CONFORMING.exec(text)?.[1]
  return value === undefined ? before : /^(?:off|false|f|no?|0)$/i.test(value)
}

/** A statement while its tokens are read: knows whether a semicolon would end it. */
class OpenStatement {
  start = -1
  end = -1
  readonly words: string[] = []
  private parentheses = 0
  // Function bodies of the form BEGIN ATOMIC … END that are open, and the first words of the statement within.
  private bodies = 0
  private inner: string[] = []
  private previous = ''

  /** Whether a semicolon here ends it: not within parentheses (the actions of a rule), not within a function body. */
  get isComplete(): boolean {
    return this.parentheses === 0 && this.bodies === 0
  }

  take(tokens: Tokenizer): void {
    if (this.start < 0) this.start = tokens.start
    this.end = tokens.end
    const { kind } = tokens
    if (kind === 'word') {
      this.takeWord(tokens)
      return
    }
    this.previous = ''
    if (kind === 'open') this.parentheses += 1
    else if (kind === 'close' && this.parentheses > 0) this.parentheses -= 1
    else if (kind === 'semicolon' && this.parentheses === 0) this.beginInner()
  }

  private takeWord(tokens: Tokenizer): void {
    if (this.parentheses > 0) {
      this.previous = ''
      return
    }
    const needed = this.words.length < MOST_WORDS || this.bodies > 0 || createsRoutine(this.words)
    if (!needed) return
    const word = lowerCase(tokens.source.slice(tokens.start, tokens.end))
    if (this.words.length < MOST_WORDS) this.words.push(word)
    if (this.bodies > 0 && this.inner.length < MOST_WORDS) this.inner.push(word)
    if (word === 'atomic' && this.previous === 'begin' && createsRoutine(this.bodies > 0 ? this.inner : this.words)) {
      this.bodies += 1
      this.beginInner()
    } else if (word === 'end' && this.previous === ';' && this.bodies > 0) {
      // Only an END where a statement could begin closes the body: elsewhere it ends a CASE, or names a column.
      this.bodies -= 1
      this.previous = word
    } else this.previous = word
  }

  private beginInner(): void {
    this.inner = []
    this.previous = ';'
  }
}

/** Whether words begin `CREATE [OR REPLACE] FUNCTION|PROCEDURE`, the only statements with a BEGIN ATOMIC body. */
function createsRoutine(words: string[]): boolean {
  if (words[0] !== 'create') return false
  const what = words[1] === 'or' && words[2] === 'replace' ? words[3] : words[1]
  return what === 'function' || what === 'procedure'
}

/** Lower case of ASCII letters only, as the lexer does for keywords: `K` (Kelvin) must not become `k`. */
export function lowerCase(word: string): string {
  return /^[\x00-\x7f]*$/.test(word) ? word.toLowerCase() : word.replace(/[A-Z]+/g, (run) => run.toLowerCase())
}

/**
 * The kinds of token that the schema engine tells apart. `word` is an unquoted identifier or keyword, `name` a quoted
 * identifier (`"…"`, `U&"…"`), `string` any string constant (`'…'`, `E'…'`, `B'…'`, `$tag$…$tag$`), `symbol` anything
 * else that is one character long.
 */
export type TokenKind =
  | 'word'
  | 'name'
  | 'string'
  | 'number'
  | 'open'
  | 'close'
  | 'semicolon'
  | 'backslash'
  | 'comment'
  | 'symbol'

const NUMBER =
  /0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d(?:_?\d)*(?:\.(?!\.)(?:\d(?:_?\d)*)?)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?/y

/** What the text can end within, in the words of PostgreSQL's messages ("unterminated …"). */
export type Unterminated =
  | '/* comment'
  | 'quoted string'
  | 'quoted identifier'
  | 'dollar-quoted string'
  | 'bit string literal'
  | 'hexadecimal string literal'

/**
 * Reads the tokens of SQL text as PostgreSQL's lexer does (src/backend/parser/scan.l, with
 * `standard_conforming_strings` on unless `backslashEscapes` is set), and never fails: an unclosed quote or comment reaches to the end of the text, and
 * `unterminated` then names it. Offsets are UTF-16. After each {@link next} that returned true, `kind`, `start` and `end`
 * describe the token.
 */
export class Tokenizer {
  readonly source: string
  kind: TokenKind = 'symbol'
  /** Whether a backslash in a plain string is an escape: `standard_conforming_strings` is off. */
  backslashEscapes = false
  /** What the token lacks the end of; only the last token of a text can. */
  unterminated: Unterminated | undefined
  start = 0
  end: number

  /** Starts at `from`; a byte-order mark at the start of the text is passed over. */
  constructor(source: string, from = 0) {
    this.source = source
    this.end = from === 0 && source.charCodeAt(0) === 0xfeff ? 1 : from
  }

  /** Goes on reading at another offset. */
  seek(offset: number): void {
    this.end = offset
  }

  /** Reads the next token, comments included; false at the end of the text. */
  next(): boolean {
    const { source } = this
    let at = this.end
    while (isSpace(source.charCodeAt(at))) at += 1
    this.start = at
    if (at >= source.length) {
      this.end = source.length
      return false
    }
    return this.read(source.charCodeAt(at))
  }

  private read(code: number): true {
    const { source, start } = this
    const following = source.charCodeAt(start + 1)
    if (isIdentifierStart(code)) return this.readWord(code, following)
    if (code === 0x27) return this.close('string', 'quoted string', this.endOfPlain(start))
    if (code === 0x22) return this.close('name', 'quoted identifier', endOfName(source, start))
    if (code === 0x24) return this.readDollar()
    if (isDigit(code) || (code === 0x2e && isDigit(following))) return this.readNumber()
    if (code === 0x2d && following === 0x2d) return this.set('comment', endOfLine(source, start))
    if (code === 0x2f && following === 0x2a) {
      return this.close('comment', '/* comment', endOfBlockComment(source, start))
    }
    return this.set(PUNCTUATION[code] ?? 'symbol', start + 1)
  }

  private set(kind: TokenKind, end: number): true {
    this.kind = kind
    this.end = end
    this.unterminated = undefined
    return true
  }

  /** A token that has to be closed; `end` is {@link OPEN} when it is not. */
  private close(kind: TokenKind, what: Unterminated, end: number): true {
    this.set(kind, end === OPEN ? this.source.length : end)
    if (end === OPEN) this.unterminated = what
    return true
  }

  // A single letter before a quote makes it a special constant: E'', B'', X'', N'', U&'' and U&"".
  private readWord(code: number, following: number): true {
    const { source, start } = this
    const letter = code | 0x20
    if (following === 0x27) {
      const what = SPECIAL_STRINGS[letter]
      if (letter === 0x65) return this.close('string', 'quoted string', endOfEscapeString(source, start + 1))
      if (letter === 0x6e) return this.readNational()
      if (what) return this.close('string', what, endOfString(source, start + 1))
    }
    if (following === 0x26 && letter === 0x75) {
      const quote = source.charCodeAt(start + 2)
      if (quote === 0x27) return this.close('string', 'quoted string', endOfString(source, start + 2))
      if (quote === 0x22) return this.close('name', 'quoted identifier', endOfName(source, start + 2))
    }
    let end = start + 1
    while (isIdentifierPart(source.charCodeAt(end))) end += 1
    return this.set('word', end)
  }

  /** To PostgreSQL the letter is a word of its own, which shows where the constant is never closed. */
  private readNational(): true {
    const end = this.endOfPlain(this.start + 1)
    if (end === OPEN) this.start += 1
    return this.close('string', 'quoted string', end)
  }

  private endOfPlain(quote: number): number {
    return this.backslashEscapes ? endOfEscapeString(this.source, quote) : endOfString(this.source, quote)
  }

  private readNumber(): true {
    NUMBER.lastIndex = this.start
    return this.set('number', NUMBER.test(this.source) ? NUMBER.lastIndex : this.start + 1)
  }

  private readDollar(): true {
    const { source, start } = this
    let end = start + 1
    if (isDigit(source.charCodeAt(end))) {
      while (isDigit(source.charCodeAt(end))) end += 1
      return this.set('symbol', end)
    }
    if (isIdentifierStart(source.charCodeAt(end))) {
      while (isIdentifierPart(source.charCodeAt(end)) && source.charCodeAt(end) !== 0x24) end += 1
    }
    if (source.charCodeAt(end) !== 0x24) return this.set('symbol', start + 1)
    const tag = source.slice(start, end + 1)
    const close = source.indexOf(tag, end + 1)
    return this.close('string', 'dollar-quoted string', close < 0 ? OPEN : close + tag.length)
  }
}

// What the functions below return where the text ends first.
const OPEN = -1

// B'' and X'', by the code of their letter.
const SPECIAL_STRINGS: Record<number, Unterminated> = { 98: 'bit string literal', 120: 'hexadecimal string literal' }

const PUNCTUATION: Record<number, TokenKind> = { 40: 'open', 41: 'close', 59: 'semicolon', 92: 'backslash' }

/** Whether a UTF-16 code is white space to PostgreSQL: space, tab, line feed, vertical tab, form feed, return. */
export function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d)
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function isIdentifierStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || code >= 0x80
}

function isIdentifierPart(code: number): boolean {
  return isIdentifierStart(code) || isDigit(code) || code === 0x24
}

/** Offset of the line break that ends the line, or the length of the text. */
export function endOfLine(source: string, from: number): number {
  let at = from
  while (at < source.length && source.charCodeAt(at) !== 0x0a && source.charCodeAt(at) !== 0x0d) at += 1
  return at
}

function endOfQuoted(source: string, open: number, quote: string): number {
  let at = open + 1
  for (;;) {
    const close = source.indexOf(quote, at)
    if (close < 0) return OPEN
    if (source[close + 1] !== quote) return close + 1
    at = close + 2
  }
}

function endOfString(source: string, open: number): number {
  return endOfQuoted(source, open, "'")
}

function endOfName(source: string, open: number): number {
  return endOfQuoted(source, open, '"')
}

// A string goes on after a line break: E'a' (line break) 'b\'c' is one constant, and the backslash counts in all parts.
function endOfEscapeString(source: string, open: number): number {
  let at = open + 1
  while (at < source.length) {
    const code = source.charCodeAt(at)
    if (code === 0x5c) at += 2
    else if (code !== 0x27) at += 1
    else if (source.charCodeAt(at + 1) === 0x27) at += 2
    else {
      const again = continuation(source, at + 1)
      if (again < 0) return at + 1
      at = again + 1
    }
  }
  return OPEN
}

/** Offset of the quote that continues a string (white space with a line break and `--` comments between), or -1. */
function continuation(source: string, from: number): number {
  let at = from
  let broken = false
  for (;;) {
    const code = source.charCodeAt(at)
    if (code === 0x27) return broken ? at : -1
    if (code === 0x0a || code === 0x0d) broken = true
    if (isSpace(code)) at += 1
    else if (code === 0x2d && source.charCodeAt(at + 1) === 0x2d) at = endOfLine(source, at)
    else return -1
  }
}

function endOfBlockComment(source: string, open: number): number {
  let depth = 1
  let at = open + 2
  while (at < source.length) {
    const code = source.charCodeAt(at)
    const following = source.charCodeAt(at + 1)
    if (code === 0x2f && following === 0x2a) {
      depth += 1
      at += 2
    } else if (code === 0x2a && following === 0x2f) {
      depth -= 1
      at += 2
      if (depth === 0) return at
    } else at += 1
  }
  return OPEN
}

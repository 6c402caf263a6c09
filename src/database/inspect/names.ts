/** One token of SQL as the server prints it; white space is none. */
interface Token {
  text: string
  kind: 'name' | 'literal' | 'other'
}

// Quoted and plain names, strings with doubled quotes, dollar-quoted bodies, numbers, and single signs.
const TOKEN =
  /(?<name>"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)|(?<literal>'(?:[^']|'')*'|\$(?<tag>[\p{L}_][\p{L}\p{N}_]*)?\$[\s\S]*?\$\k<tag>\$|\d[\d.]*)|(?<other>\S)/gu

function tokensOf(text: string): Token[] {
  return [...text.matchAll(TOKEN)].map(({ 0: found, groups }) => ({
    text: found,
    kind: groups?.name !== undefined ? 'name' : groups?.literal !== undefined ? 'literal' : 'other',
  }))
}

/** The names of a dotted chain at the beginning, `public.users.email`, and what follows it. */
export function splitChain(id: string): { names: string[]; rest: string } {
  const names: string[] = []
  let rest = id
  for (;;) {
    const name = /^"(?:[^"]|"")*"|^[^\s."'(]+/.exec(rest)?.[0]
    if (name === undefined) return { names, rest }
    names.push(name)
    rest = rest.slice(name.length)
    if (!rest.startsWith('.')) return { names, rest }
    rest = rest.slice(1)
  }
}

/** Names that are others now, and whether one text is the other with them. */
export class Renames {
  /** Single names: each with all it may have become. */
  private readonly names = new Map<string, Set<string>>()
  /** Qualified names, for what moved to another schema. */
  private readonly chains = new Map<string, string>()
  /** Columns by table (its name now): those that must not keep their old name in what speaks of this table alone. */
  private readonly columns = new Map<string, Map<string, string>>()

  /** Whether nothing is called otherwise. */
  get isEmpty(): boolean {
    return this.names.size === 0 && this.chains.size === 0
  }

  /** Adds what an object was called and is called, both qualified and quoted. */
  add(before: string, after: string): void {
    if (before === after) return
    this.chains.set(before, after)
    const [old, now] = [splitChain(before).names.at(-1), splitChain(after).names.at(-1)]
    if (old !== undefined && now !== undefined && old !== now) this.addName(old, now)
  }

  /** Adds a column of a table. */
  addColumn(table: string, before: string, after: string): void {
    this.addName(before, after)
    const columns = this.columns.get(table) ?? new Map<string, string>()
    this.columns.set(table, columns.set(before, after))
  }

  private addName(before: string, after: string): void {
    this.names.set(before, (this.names.get(before) ?? new Set()).add(after))
  }

  /** What a qualified name became: itself, or with the new name of its longest part that has one. */
  translate(id: string): string {
    const { names, rest } = splitChain(id)
    for (let length = names.length; length > 0; length -= 1) {
      const now = this.chains.get(names.slice(0, length).join('.'))
      if (now !== undefined) return [now, ...names.slice(length)].join('.') + rest
    }
    return id
  }

  /**
   * Whether two texts are the same save for names that changed. With `table`, both speak of that table's columns alone, so
   * that an old column name must have become the new one: an index that is on another column now is another index.
   */
  same(before: string, after: string, table?: string): boolean {
    if (this.isEmpty) return before === after
    const strict = table === undefined ? undefined : this.columns.get(table)
    return (before === after && !strict) || this.sameTokens(tokensOf(before), tokensOf(after), strict)
  }

  private sameTokens(before: Token[], after: Token[], strict: Map<string, string> | undefined): boolean {
    let [i, j] = [0, 0]
    while (i < before.length && j < after.length) {
      const [was, now] = [before[i] as Token, after[j] as Token]
      const moved = this.movedAt(before, i, after, j)
      if (moved) {
        ;[i, j] = moved
        continue
      }
      if (
        was.kind === 'literal' &&
        now.kind === 'literal' &&
        before[i + 2]?.text === ':' &&
        before[i + 3]?.text === 'regclass'
      ) {
        if (!this.same(unquoted(was.text), unquoted(now.text))) return false
      } else if (was.text === now.text) {
        if (was.kind === 'name' && strict?.has(was.text) && before[i + 1]?.text !== '(') return false
      } else {
        if (was.kind !== 'name' || !this.names.get(was.text)?.has(now.text)) return false
        // A view keeps the name of its own column: `name` becomes `full_name AS name`, and back.
        if (isAlias(after, j + 1, was.text) && !isAlias(before, i + 1, was.text)) j += 2
        else if (isAlias(before, i + 1, now.text) && !isAlias(after, j + 1, now.text)) i += 2
      }
      i += 1
      j += 1
    }
    return i === before.length && j === after.length
  }

  /** Where both lists go on behind a qualified name that became another; null where there is none. */
  private movedAt(before: Token[], i: number, after: Token[], j: number): [number, number] | null {
    if (before[i]?.kind !== 'name' || before[i + 1]?.text !== '.') return null
    for (const length of [3, 2]) {
      const old = chainAt(before, i, length)
      const now = old === null ? undefined : this.chains.get(old)
      if (now === undefined) continue
      const count = splitChain(now).names.length
      if (chainAt(after, j, count) === now) return [i + 2 * length - 1, j + 2 * count - 1]
    }
    return null
  }
}

function chainAt(tokens: Token[], from: number, length: number): string | null {
  const part = tokens.slice(from, from + 2 * length - 1)
  const fits =
    part.length === 2 * length - 1 &&
    part.every(({ kind, text }, index) => (index % 2 === 0 ? kind === 'name' : text === '.'))
  return fits ? part.map(({ text }) => text).join('') : null
}

const isAlias = (tokens: Token[], at: number, name: string) =>
  tokens[at]?.text.toLowerCase() === 'as' && tokens[at + 1]?.text === name

const unquoted = (literal: string) => literal.slice(1, -1).replaceAll("''", "'")

import { type Needle, SHORTEST_PREFIX } from './secret-forms.ts'

/** A part of a text: UTF-16 places, `end` behind the last. */
export interface Range {
  start: number
  end: number
}

const CODES = 2 ** 16

/**
 * Finds every place where a needle stands, or the first twelve characters or more of one, in one pass over the text: time
 * grows with the text alone, whatever the number of needles and however often they stand in it (Aho and Corasick, 1975).
 * The ranges come in order and apart from each other.
 */
export function createSearch(needles: readonly Needle[]): (text: string) => Range[] {
  const trie = new Trie(needles)
  return (text) => {
    const plain: Range[] = []
    const base64: Range[] = []
    let node = 0
    for (let at = 0; at < text.length; at += 1) {
      node = trie.step(node, text.charCodeAt(at))
      if (node === 0) continue
      addLast(plain, at + 1, trie.plain[node] ?? 0)
      addLast(base64, at + 1, trie.base64[node] ?? 0)
    }
    return base64.length === 0 ? plain : merged([...plain, ...base64.map((range) => widened(text, range))])
  }
}

/** Puts ranges in order, those that touch as one. */
export function merged(ranges: Range[]): Range[] {
  const apart: Range[] = []
  for (const { start, end } of ranges.sort((a, b) => a.start - b.start)) {
    const last = apart.at(-1)
    if (last && start <= last.end) last.end = Math.max(last.end, end)
    else apart.push({ start, end })
  }
  return apart
}

/** Adds the range of `length` that ends at `end`, behind all others. */
function addLast(ranges: Range[], end: number, length: number): void {
  if (length === 0) return
  let start = end - length
  for (let last = ranges.at(-1); last && last.end >= start; last = ranges.at(-1)) {
    start = Math.min(start, last.start)
    ranges.pop()
  }
  ranges.push({ start, end })
}

/** A range of base64 with the group of four characters before and behind it, which hold bytes of the same secret. */
function widened(text: string, { start, end }: Range): Range {
  const before = /[\w+/-]{0,4}$/.exec(text.slice(Math.max(0, start - 4), start))?.[0].length ?? 0
  const behind = /^[\w+/-]{0,4}={0,2}/.exec(text.slice(end, end + 6))?.[0].length ?? 0
  return { start: start - before, end: end + behind }
}

/**
 * All needles as one tree of characters, in which each node is a beginning of a needle. The children of a node are a list,
 * since nearly all have one; only the root's are a table.
 */
class Trie {
  /** For each node, the longest text that ends there and gives a secret away; 0 for none. */
  readonly plain: Uint32Array
  readonly base64: Uint32Array
  private readonly root = new Uint32Array(CODES)
  private readonly code: Uint16Array
  private readonly child: Uint32Array
  private readonly sibling: Uint32Array
  /** The node of the longest end of this beginning that begins a needle too. */
  private readonly fallback: Uint32Array
  private size = 1

  constructor(needles: readonly Needle[]) {
    const most = needles.reduce((sum, { text }) => sum + text.length, 1)
    this.plain = new Uint32Array(most)
    this.base64 = new Uint32Array(most)
    this.code = new Uint16Array(most)
    this.child = new Uint32Array(most)
    this.sibling = new Uint32Array(most)
    this.fallback = new Uint32Array(most)
    for (const needle of needles) this.insert(needle)
    this.link()
  }

  /** The node behind one more character: the longest beginning of a needle with which the text so far ends. */
  step(from: number, code: number): number {
    for (let node = from; node !== 0; node = this.fallback[node] ?? 0) {
      const next = this.childOf(node, code)
      if (next !== 0) return next
    }
    return this.root[code] ?? 0
  }

  private childOf(node: number, code: number): number {
    let child = this.child[node] ?? 0
    while (child !== 0 && this.code[child] !== code) child = this.sibling[child] ?? 0
    return child
  }

  private insert({ text, whole, base64 }: Needle): void {
    const lengths = base64 ? this.base64 : this.plain
    let node = 0
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      node = (node === 0 ? this.root[code] : this.childOf(node, code)) || this.add(node, code)
      // What counts only as a whole is found as one: the beginnings of URLs are alike, and texts are full of them.
      if (at + 1 === text.length || (!whole && at + 1 >= SHORTEST_PREFIX)) lengths[node] = at + 1
    }
  }

  private add(parent: number, code: number): number {
    const node = this.size
    this.size += 1
    this.code[node] = code
    if (parent === 0) this.root[code] = node
    else {
      this.sibling[node] = this.child[parent] ?? 0
      this.child[parent] = node
    }
    return node
  }

  /** Sets the fallbacks, the nodes near the root first, and what ends at a node by way of them. */
  private link(): void {
    const queue = [...this.root.filter((node) => node !== 0)]
    for (let at = 0; at < queue.length; at += 1) {
      const node = queue[at] ?? 0
      const fallback = this.fallback[node] ?? 0
      this.plain[node] ||= this.plain[fallback] ?? 0
      this.base64[node] ||= this.base64[fallback] ?? 0
      for (let child = this.child[node] ?? 0; child !== 0; child = this.sibling[child] ?? 0) {
        this.fallback[child] = this.step(fallback, this.code[child] ?? 0)
        queue.push(child)
      }
    }
  }
}

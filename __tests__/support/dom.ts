import { type DomNode, JSDOM } from 'jsdom'
import { renderGfm } from './gfm.ts'

/** What of a rendered text GitHub would still act on, and what stands in it. */
export interface Rendered {
  body: DomNode
  /** Names of the elements, lower case, each once. */
  elements: string[]
  /** Text outside `<code>`, `<pre>` and `<a>`: where GitHub looks for mentions and references. */
  openText: string[]
  links: string[]
  codes: string[]
}

const CLOSED = ['CODE', 'PRE', 'A']

const { document } = new JSDOM().window

/** Renders Markdown as GitHub does and reads the result from a DOM. */
export function rendered(markdown: string): Rendered {
  const body = document.createElement('div')
  body.innerHTML = renderGfm(markdown)
  const nodes = [...body.querySelectorAll('*')]
  const openText: string[] = []
  const walk = (node: DomNode) => {
    if (node.nodeType === 3) openText.push(node.textContent)
    if (!CLOSED.includes(node.nodeName)) for (const child of node.childNodes) walk(child)
  }
  walk(body)
  return {
    body,
    elements: [...new Set(nodes.map((node) => node.nodeName.toLowerCase()))],
    openText,
    links: nodes.flatMap((node) => node.getAttribute('href') ?? node.getAttribute('src') ?? []),
    codes: nodes.filter((node) => node.nodeName === 'CODE').map((node) => node.textContent),
  }
}

/**
 * What GitHub would link in a text: mentions of people and teams, issue and pull request references, commit hashes, bare
 * addresses, emoji (its manual: Autolinked references and URLs; Basic formatting syntax).
 */
export function autolinks(texts: string[]): string[] {
  const patterns = [
    /(?:^|[^\w`])@[a-z\d][\w-]*(?:\/[\w-]+)?/gi,
    /(?:^|\W)(?:[\w.-]+\/[\w.-]+)?#\d+/g,
    /\bGH-\d+/gi,
    /(?:^|[^0-9a-z])[0-9a-f]{7,40}(?![0-9a-z])/gi,
    /https?:\/\/\S+|www\.\S+/gi,
    /[\w.+-]+@[\w-]+\.\w+/g,
    /:[a-z\d_+-]+:/g,
  ]
  return texts.flatMap((text) => patterns.flatMap((pattern) => text.match(pattern) ?? []))
}

/** Characters that change the direction of text or that nobody sees. */
export const HIDDEN = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u0000-\u0008\u000b\u000c\u000e-\u001f]/

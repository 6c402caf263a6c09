import { JSDOM } from 'jsdom'

/** Parses a diagram as Mermaid does before it draws; throws its parse error. Answers the kind of diagram. */
export type ParseDiagram = (text: string) => Promise<string>

/** Loads npm `mermaid`, which wants a DOM to be there, and answers its parser. */
export async function loadMermaid(): Promise<ParseDiagram> {
  const { window } = new JSDOM('')
  Object.assign(globalThis, { window, document: window.document })
  const { default: mermaid } = await import('mermaid')
  return async (text) => {
    const limits = mermaid.mermaidAPI.getConfig()
    if (text.length > (limits.maxTextSize ?? 0)) throw new Error(`longer than ${limits.maxTextSize} characters`)
    return (await mermaid.parse(text)).diagramType
  }
}

/** The texts of all Mermaid blocks in a Markdown text. */
export function diagramsIn(markdown: string): string[] {
  return [...markdown.matchAll(/^```mermaid\n([\s\S]*?)\n```$/gm)].map((match) => match[1] ?? '')
}

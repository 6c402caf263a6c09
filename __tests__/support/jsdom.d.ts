/** The little of jsdom that the tests use; the package brings no types. */
declare module 'jsdom' {
  export interface DomNode {
    nodeType: number
    nodeName: string
    textContent: string
    innerHTML: string
    parentNode: DomNode | null
    childNodes: Iterable<DomNode>
    getAttribute(name: string): string | null
    attributes: Iterable<{ name: string; value: string }>
    querySelectorAll(selector: string): Iterable<DomNode>
  }
  export class JSDOM {
    constructor(html?: string)
    readonly window: { document: DomNode & { body: DomNode; createElement(name: string): DomNode } }
  }
}

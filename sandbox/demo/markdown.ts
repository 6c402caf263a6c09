import MarkdownIt from 'markdown-it'

/**
 * Markdown as GitHub renders it in comments and job summaries: tables, strikethrough, bare links, raw HTML, line breaks as
 * written, alerts. Mentions and references, which GitHub links after rendering, are left to the caller as text. With `icons`,
 * alerts have GitHub's.
 */
export function renderGfm(markdown: string, { icons = false } = {}): string {
  const renderer = new MarkdownIt({ html: true, linkify: true, breaks: true })
  return alerts(renderer.render(markdown), icons)
}

// Titles and icons as GitHub shows them (github.com/primer/octicons, 16 px).
const ALERTS = {
  NOTE: [
    'Note',
    'M0 8a8 8 0 1 1 16 0A8 8 0 0 1 0 8Zm8-6.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM6.5 7.75A.75.75 0 0 1 7.25 7h1a.75.75 0 0 1 .75.75v2.75h.25a.75.75 0 0 1 0 1.5h-2a.75.75 0 0 1 0-1.5h.25v-2h-.25a.75.75 0 0 1-.75-.75ZM8 6a1 1 0 1 1 0-2 1 1 0 0 1 0 2Z',
  ],
  TIP: [
    'Tip',
    'M8 1.5c-2.363 0-4 1.69-4 3.75 0 .984.424 1.625.984 2.304.7.8 1.266 1.6 1.266 2.946h3.5c0-1.346.566-2.146 1.266-2.946.56-.679.984-1.32.984-2.304 0-2.06-1.637-3.75-4-3.75ZM5.75 12a.75.75 0 0 0 0 1.5h4.5a.75.75 0 0 0 0-1.5Z',
  ],
  IMPORTANT: [
    'Important',
    'M0 1.75C0 .784.784 0 1.75 0h12.5C15.216 0 16 .784 16 1.75v9.5A1.75 1.75 0 0 1 14.25 13H8.06l-2.573 2.573A1.458 1.458 0 0 1 3 14.543V13H1.75A1.75 1.75 0 0 1 0 11.25Zm7 2.25v2.5a.75.75 0 0 0 1.5 0V4a.75.75 0 0 0-1.5 0ZM9 9a1 1 0 1 0-2 0 1 1 0 0 0 2 0Z',
  ],
  WARNING: [
    'Warning',
    'M6.457 1.047c.659-1.234 2.427-1.234 3.086 0l6.082 11.378A1.75 1.75 0 0 1 14.082 15H1.918a1.75 1.75 0 0 1-1.543-2.575Zm1.763.707a.25.25 0 0 0-.44 0L1.698 13.132a.25.25 0 0 0 .22.368h12.164a.25.25 0 0 0 .22-.368Zm.53 3.996v2.5a.75.75 0 0 1-1.5 0v-2.5a.75.75 0 0 1 1.5 0ZM9 11a1 1 0 1 1-2 0 1 1 0 0 1 2 0Z',
  ],
  CAUTION: [
    'Caution',
    'M4.47.22A.749.749 0 0 1 5 0h6c.199 0 .389.079.53.22l4.25 4.25c.141.14.22.331.22.53v6a.749.749 0 0 1-.22.53l-4.25 4.25A.749.749 0 0 1 11 16H5a.749.749 0 0 1-.53-.22L.22 11.53A.749.749 0 0 1 0 11V5c0-.199.079-.389.22-.53Zm.84 1.28L1.5 5.31v5.38l3.81 3.81h5.38l3.81-3.81V5.31L10.69 1.5ZM8 4a.75.75 0 0 1 .75.75v3.5a.75.75 0 0 1-1.5 0v-3.5A.75.75 0 0 1 8 4Zm0 8a1 1 0 1 1 0-2 1 1 0 0 1 0 2Z',
  ],
} as const

function alerts(html: string, icons: boolean): string {
  return html.replace(
    /<blockquote>\s*<p>\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\](?:<br>\s*|<\/p>)([\s\S]*?)<\/blockquote>/g,
    (_, kind: keyof typeof ALERTS, rest: string) => {
      const body = rest.startsWith('\n') ? rest : `<p>${rest}`
      const [name, path] = ALERTS[kind]
      const svg = `<svg class="octicon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="${path}"></path></svg>`
      const title = `<p class="markdown-alert-title">${icons ? svg : ''}${name}</p>`
      return `<div class="markdown-alert markdown-alert-${kind.toLowerCase()}">${title}${body}</div>`
    },
  )
}

/**
 * What a reader of a comment sees while nothing is unfolded: without what Markdown hides, each fold as its title.
 */
export function seen(markdown: string): string {
  const lines: string[] = []
  let depth = 0
  for (const line of markdown.replace(/<!--.*?-->\n*/gs, '').split('\n')) {
    const [, title] = /^<details><summary>(.*?)<\/summary>/.exec(line) ?? []
    if (title !== undefined && depth++ === 0) lines.push(`▸ ${title.replace(/<[^>]*>/g, '')}`)
    if (depth === 0) lines.push(line)
    if (line === '</details>') depth -= 1
  }
  return lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

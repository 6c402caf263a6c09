import MarkdownIt from 'markdown-it'

/**
 * Markdown as GitHub renders it in comments and job summaries: tables, strikethrough, bare links, raw HTML, line breaks as
 * written, alerts. Mentions and references, which GitHub links after rendering, are left to the caller as text.
 */
export function renderGfm(markdown: string): string {
  const renderer = new MarkdownIt({ html: true, linkify: true, breaks: true })
  return alerts(renderer.render(markdown))
}

const TITLES = { NOTE: 'Note', TIP: 'Tip', IMPORTANT: 'Important', WARNING: 'Warning', CAUTION: 'Caution' }

function alerts(html: string): string {
  return html.replace(
    /<blockquote>\s*<p>\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\](?:<br>\s*|<\/p>)([\s\S]*?)<\/blockquote>/g,
    (_, kind: keyof typeof TITLES, rest: string) => {
      const body = rest.startsWith('\n') ? rest : `<p>${rest}`
      const title = `<p class="markdown-alert-title">${TITLES[kind]}</p>`
      return `<div class="markdown-alert markdown-alert-${kind.toLowerCase()}">${title}${body}</div>`
    },
  )
}

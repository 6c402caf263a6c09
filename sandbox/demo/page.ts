import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import MarkdownIt from 'markdown-it'

/** What the page shows of one run. */
export interface PageStep {
  letter: string
  title: string
  outcome: string
  seconds: string
  /** Masked log. */
  log: string
  summary: string
  /** The comment as it stood after the run; empty before there was one. */
  comment: string
}

const require = createRequire(import.meta.url)

/**
 * Writes `index.html` into a folder: each run's comment and job summary as GitHub shows them. Styles are inside; diagrams
 * are drawn in the browser by the installed Mermaid, without any network.
 * @returns the page's path.
 */
export async function writePage(folder: string, steps: readonly PageStep[]): Promise<string> {
  await mkdir(folder, { recursive: true })
  const css = await readFile(require.resolve('github-markdown-css/github-markdown.css'), 'utf8')
  const mermaid = relative(folder, require.resolve('mermaid/dist/mermaid.min.js')).replaceAll('\\', '/')
  const file = join(folder, 'index.html')
  await writeFile(file, page(css, encodeURI(mermaid), steps))
  return file
}

function page(css: string, mermaid: string, steps: readonly PageStep[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>neon-postgres-setup: a repository's story</title>
<style>${css}${STYLE}</style>
</head>
<body class="markdown-body">
<h1>A repository's story</h1>
<nav>${steps.map(({ letter, title }) => `<a href="#${letter}">${letter}) ${escapeHtml(title)}</a>`).join('')}</nav>
${steps.map(section).join('\n')}
<script src="${mermaid}"></script>
<script>${DRAW}</script>
</body>
</html>
`
}

function section(step: PageStep): string {
  const comment = step.comment
    ? `<h3>Pull request comment</h3><div class="frame"><header><b>github-actions</b> <i>bot</i> commented</header>
<article>${render(step.comment)}</article></div>`
    : ''
  return `<section id="${step.letter}">
<h2>${step.letter}) ${escapeHtml(step.title)}</h2>
<p class="facts"><code>${escapeHtml(step.outcome)}</code> in ${escapeHtml(step.seconds)}</p>
${comment}
<h3>Job summary</h3><div class="frame"><article>${step.summary ? render(step.summary) : '<p>None.</p>'}</article></div>
<details><summary>Log</summary><pre>${escapeHtml(step.log)}</pre></details>
</section>`
}

function render(markdown: string): string {
  return new MarkdownIt({ html: true, linkify: true, breaks: true }).render(markdown)
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char] ?? char)
}

const STYLE = `
body { max-width: 960px; margin: 0 auto; padding: 32px 16px; }
nav { display: flex; flex-direction: column; margin-bottom: 24px; }
.frame { border: 1px solid var(--borderColor-default, #d1d9e0); border-radius: 6px; overflow: hidden; }
.frame header { padding: 8px 16px; font-size: 14px; border-bottom: 1px solid var(--borderColor-default, #d1d9e0); background: var(--bgColor-muted, #f6f8fa); }
.frame header i { font-style: normal; font-size: 12px; border: 1px solid var(--borderColor-default, #d1d9e0); border-radius: 2em; padding: 0 6px; }
.frame article { padding: 16px; font-size: 14px; }
.mermaid { text-align: center; }
section > details { margin-top: 16px; }
`

// Runs in the browser. A folded diagram has no size to be measured in, so Mermaid draws it apart and hands over the picture.
const DRAW = `
(async () => {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches
  mermaid.initialize({ startOnLoad: false, theme: dark ? 'dark' : 'default', securityLevel: 'strict' })
  let number = 0
  for (const code of document.querySelectorAll('code.language-mermaid')) {
    const { svg } = await mermaid.render('diagram' + ++number, code.textContent)
    const holder = document.createElement('div')
    holder.className = 'mermaid'
    holder.innerHTML = svg
    code.parentElement.replaceWith(holder)
  }
  document.body.dataset.drawn = String(number)
})()
`

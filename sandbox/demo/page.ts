import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { renderGfm } from './markdown.ts'
import { STYLE } from './style.ts'

/** What the page shows of one run. */
export interface PageStep {
  letter: string
  title: string
  outcome: string
  /** The run was red. */
  failed: boolean
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
<nav>${steps.map(entry).join('')}</nav>
${steps.map(section).join('\n')}
<script src="${mermaid}"></script>
<script>${DRAW}</script>
</body>
</html>
`
}

function entry({ letter, title, failed }: PageStep): string {
  return `<a href="#${letter}"><b class="${failed ? 'bad' : 'good'}">${failed ? '✗' : '✓'}</b>${letter}) ${escapeHtml(title)}</a>`
}

function section(step: PageStep): string {
  const comment = step.comment
    ? `<h3>Pull request comment</h3><div class="frame"><header><b>github-actions</b> <i>bot</i> commented</header>
<article>${renderGfm(step.comment, { icons: true })}</article></div>`
    : ''
  return `<section id="${step.letter}">
<h2>${step.letter}) ${escapeHtml(step.title)}</h2>
<p class="facts"><span class="${step.failed ? 'bad' : 'good'}">${step.failed ? '✗' : '✓'}</span> <code>${escapeHtml(step.outcome)}</code> in ${escapeHtml(step.seconds)}</p>
${comment}
<h3>Job summary</h3><div class="frame"><article>${step.summary ? renderGfm(step.summary, { icons: true }) : '<p>None.</p>'}</article></div>
<details><summary>Log</summary><div class="log">${logOf(step.log)}</div></details>
</section>`
}

/** The masked log as the run's page shows it: groups folded, annotations in their colour. */
function logOf(log: string): string {
  const lines = log.split('\n').map((line) => {
    const [, kind = '', text = ''] = /^##\[(\w+)\](.*)$/s.exec(line) ?? []
    if (kind === 'group') return `<details><summary>${escapeHtml(text)}</summary><div>`
    if (kind === 'endgroup') return '</div></details>'
    return kind ? `<div class="${kind}">${escapeHtml(`${kind}: ${text}`)}</div>` : `<div>${escapeHtml(line)}</div>`
  })
  return lines.join('')
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char] ?? char)
}

// Runs in the browser. A folded diagram has no size to be measured in, so Mermaid draws it apart and hands over the picture.
const DRAW = `
(async () => {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches
  mermaid.initialize({ startOnLoad: false, theme: dark ? 'dark' : 'default', securityLevel: 'strict' })
  for (const block of document.querySelectorAll('code.language-diff')) {
    block.innerHTML = block.innerHTML.replace(/^([-+]).*$/gm, (line, sign) => '<span class="' + (sign === '+' ? 'plus' : 'minus') + '">' + line + '</span>')
  }
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

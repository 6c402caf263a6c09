import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, chromium, type Page } from 'playwright-core'
import { renderGfm } from './gfm.ts'

const require = createRequire(import.meta.url)
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** A Chromium on this machine (`CHROMIUM_PATH` or the usual places), or undefined. */
export function findChromium(): string | undefined {
  const given = process.env.CHROMIUM_PATH
  return [...(given ? [given] : []), ...PLACES].find((path) => existsSync(path))
}

/** Starts Chromium without a window, without a sandbox and without anything that would call home. */
export function startChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** How a report is looked at. */
export interface View {
  theme: 'light' | 'dark'
  /** `comment`: the box of a pull request comment; `summary`: the plain page. */
  frame: 'comment' | 'summary'
  /** Opens all folded parts. */
  unfold: boolean
  width?: number
  /** Pixels per CSS pixel; 1.5 unless told. */
  scale?: number
}

/** What a page did when the report was shown. */
export interface Shown {
  page: Page
  /** Errors of the console and uncaught exceptions. */
  errors: string[]
  diagrams: { asked: number; drawn: number }
}

/** Shows a report's Markdown as GitHub would, diagrams drawn; needs no network. */
export async function show(browser: Browser, markdown: string, view: View): Promise<Shown> {
  const page = await browser.newPage({
    viewport: { width: view.width ?? 920, height: 700 },
    deviceScaleFactor: view.scale ?? 1.5,
  })
  const errors: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(error.message))
  await page.route('**', (route) => (route.request().url().startsWith('data:') ? route.continue() : route.abort()))
  const html = renderGfm(markdown)
  await page.setContent(pageHtml(view.unfold ? html.replaceAll('<details>', '<details open>') : html, view))
  // Five megabytes of script, only where there is something to draw.
  if (html.includes('language-mermaid'))
    await page.addScriptTag({ path: require.resolve('mermaid/dist/mermaid.min.js') })
  const diagrams = await page.evaluate<Shown['diagrams']>(`(${draw})('${view.theme === 'dark' ? 'dark' : 'default'}')`)
  return { page, errors, diagrams }
}

/** Runs in the page: every Mermaid block becomes a diagram, also inside a folded part. */
const draw = `async (theme) => {
  const blocks = [...document.querySelectorAll('code.language-mermaid')]
  if (blocks.length > 0) mermaid.initialize({ startOnLoad: false, theme, securityLevel: 'strict' })
  for (const block of document.querySelectorAll('code.language-diff')) {
    block.innerHTML = block.innerHTML.replace(/^([-+]).*$/gm, (line, sign) => '<span class="' + (sign === '+' ? 'plus' : 'minus') + '">' + line + '</span>')
  }
  let number = 0
  for (const block of blocks) {
    const { svg } = await mermaid.render('diagram' + ++number, block.textContent)
    const holder = document.createElement('div')
    holder.className = 'mermaid'
    holder.innerHTML = svg
    block.parentElement.replaceWith(holder)
  }
  return { asked: blocks.length, drawn: document.querySelectorAll('.mermaid svg[aria-roledescription=er]').length }
}`

function pageHtml(body: string, view: View): string {
  const css = readFileSync(require.resolve(`github-markdown-css/github-markdown-${view.theme}.css`), 'utf8')
  const colours =
    view.theme === 'dark'
      ? {
          page: '#0d1117',
          line: '#3d444d',
          head: '#151b23',
          text: '#f0f6fc',
          plus: '#033a16',
          minus: '#67060c',
          muted: '#9198a1',
        }
      : {
          page: '#ffffff',
          line: '#d1d9e0',
          head: '#f6f8fa',
          text: '#1f2328',
          plus: '#dafbe1',
          minus: '#ffebe9',
          muted: '#59636e',
        }
  const head = `<header><b>github-actions</b> <i>bot</i> commented</header>`
  return `<!doctype html><meta charset="utf-8"><style>${css}
    body { margin: 0; padding: 16px; background: ${colours.page}; font-family: -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; }
    .frame { border: 1px solid ${colours.line}; border-radius: 6px; overflow: hidden; }
    .frame header { padding: 8px 16px; background: ${colours.head}; color: ${colours.muted}; border-bottom: 1px solid ${colours.line}; font-size: 14px; }
    .frame header b { color: ${colours.text}; }
    .frame header i { font-style: normal; font-size: 12px; border: 1px solid ${colours.line}; border-radius: 2em; padding: 0 6px; }
    .markdown-body { padding: 16px; font-size: 14px; }
    .plus { background: ${colours.plus}; } .minus { background: ${colours.minus}; }
    .mermaid { text-align: center; }
  </style><div class="${view.frame === 'comment' ? 'frame' : ''}">${view.frame === 'comment' ? head : ''}<article class="markdown-body">${body}</article></div>`
}

/** What the page adds to GitHub's own style of Markdown: the frames around it, and what GitHub colours by script. */
export const STYLE = `
:root { color-scheme: light dark; }
html { background: #fff; }
body.markdown-body { box-sizing: border-box; max-width: 980px; margin: 0 auto; padding: 32px; }
nav { margin: 0 0 32px; border: 1px solid var(--borderColor-default, #d1d9e0); border-radius: 6px; }
nav a { display: flex; gap: 12px; padding: 8px 16px; color: inherit !important; }
nav a + a { border-top: 1px solid var(--borderColor-default, #d1d9e0); }
nav b { flex: none; width: 1.2em; text-align: center; }
.good { color: var(--fgColor-success, #1a7f37); }
.bad { color: var(--fgColor-danger, #d1242f); }
section { margin-top: 40px; }
.facts { color: var(--fgColor-muted, #59636e); }
.frame { border: 1px solid var(--borderColor-default, #d1d9e0); border-radius: 6px; overflow: hidden; }
.frame header { padding: 8px 16px; font-size: 14px; color: var(--fgColor-muted, #59636e); background: var(--bgColor-muted, #f6f8fa); border-bottom: 1px solid var(--borderColor-default, #d1d9e0); }
.frame header b { color: var(--fgColor-default, #1f2328); }
.frame header i { font-style: normal; font-size: 12px; border: 1px solid var(--borderColor-default, #d1d9e0); border-radius: 2em; padding: 0 6px; }
.frame article { padding: 16px; font-size: 14px; }
.frame article > :first-child { margin-top: 0; }
.frame article > :last-child { margin-bottom: 0; }
.octicon { margin-right: 8px; fill: currentColor; vertical-align: text-bottom; }
h1, h2, h3, h4, p, li, summary { overflow-wrap: anywhere; }
td code { white-space: nowrap; }
.plus { background: var(--diff-plus); } .minus { background: var(--diff-minus); }
:root { --diff-plus: #dafbe1; --diff-minus: #ffebe9; }
.mermaid { text-align: center; overflow-x: auto; }
.mermaid svg { max-width: 100%; height: auto; }
.log { font: 12px/20px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; padding: 12px 16px; color: #f0f6fc; background: #010409; border-radius: 6px; overflow-wrap: anywhere; white-space: pre-wrap; }
.log details { margin: 0; } .log summary { margin: 0 !important; } .log details > div { padding-left: 16px; }
.log .error { color: #ff7b72; } .log .warning { color: #d29922; } .log .notice { color: #79c0ff; }
@media (prefers-color-scheme: dark) {
  html { background: #0d1117; }
  :root { --diff-plus: #033a16; --diff-minus: #67060c; }
}
@media (max-width: 600px) {
  body.markdown-body { padding: 16px; }
  .frame article { padding: 12px; }
}
`

/**
 * Text from the database, the pull request and the APIs, made safe for GitHub's Markdown: no HTML, no link, no mention,
 * no reference and no table break can come out of it. What GitHub does beyond CommonMark is described in the GFM spec
 * (tables, autolinks) and in its manual ("Autolinked references and URLs", "Mentioning people and teams").
 */

// Controls, invisible and direction-changing characters: a reader could not see what they do to the text around them.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u202f\ufffd]/gu

/** The text with line breaks as `↵` and every character that cannot be seen written out, `⟨U+202E⟩`. */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?|\n/g, '↵')
    .replaceAll('\t', ' ')
    .replace(INVISIBLE, codePoint)
}

function codePoint(char: string): string {
  return `⟨U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`
}

/** At most `most` characters (code points), the last one an ellipsis when something was cut. */
export function clip(text: string, most: number): string {
  const points = Array.from(text)
  return points.length <= most ? text : `${points.slice(0, most - 1).join('')}…`
}

/** Every ASCII punctuation mark as a character reference, which Markdown takes as text and never as markup. */
function references(text: string): string {
  return text.replace(/[!-/:-@[-`{-~]/g, (char) => `&#${char.charCodeAt(0)};`)
}

// In these, a code span shows the text as it is, also inside a table cell; all else goes the long way.
const PLAIN = /^[^\s`|\\<>&](?:[^`|\\<>&]*[^\s`|\\<>&])?$/

/**
 * The text as inline code, for names above all: GitHub makes no mention, reference, link or emoji of what stands in code.
 * A text that a code span or a table cell cannot hold becomes a `<code>` element made of character references.
 */
export function code(text: string, most = 200): string {
  const shown = clip(visible(text), most)
  if (shown.trim() === '') return `<code>${'␣'.repeat(Math.max(1, shown.length))}</code>`
  return PLAIN.test(shown) ? `\`${shown}\`` : `<code>${references(shown)}</code>`
}

// What GitHub turns into a mention, a reference, a link or an emoji in running text.
const RISKY = [
  /[@#]/,
  /:\/\//,
  /www\./i,
  /(?:mailto|xmpp):/i,
  /GH-\d/i,
  /:[\w+-]+:/,
  /(?:^|[^0-9a-z])[0-9a-f]{7,40}(?![0-9a-z])/i,
  /\$/,
]

/**
 * Running text from elsewhere, as one line: what stands between backticks is code, words that GitHub would link become
 * code, and everything else is plain text.
 */
export function prose(text: string, most = 1000): string {
  const parts = clip(visible(text), most).split('`')
  const paired = parts.length % 2 === 1
  if (!paired) return plainWords(parts.join('`'))
  const pieces = parts.map((part, index) =>
    index % 2 === 1 && part.trim() !== '' ? code(part, most) : plainWords(part),
  )
  // Two spans that touch would read as one with a longer fence.
  return pieces
    .filter((piece) => piece !== '')
    .reduce((all, piece) => all + (touches(all, piece) ? ' ' : '') + piece, '')
}

function touches(left: string, right: string): boolean {
  return left.endsWith('`') && right.startsWith('`')
}

function plainWords(text: string): string {
  const safe = text.replace(/\S+/g, (word) => {
    if (RISKY.some((risk) => risk.test(word))) return code(word, word.length)
    return word.replace(/[\\`*_[\]<>|~&#]/g, references)
  })
  return safe.replace(/^(\s*)([-+=]|\d+[.)])/, (_, space: string, mark: string) => space + references(mark))
}

/** A fenced block whose fence is longer than any run of backticks in it; invisible characters are written out. */
export function fence(text: string, language = ''): string {
  const shown = text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(INVISIBLE, (char) => (char === '\n' || char === '\t' ? char : codePoint(char)))
    .replace(/\n+$/, '')
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map((run) => run[0].length))
  const marks = '`'.repeat(longest + 1)
  return `${marks}${language}\n${shown}\n${marks}`
}

/** A link around Markdown that is safe already; only the label where the address is no plain http(s) URL. */
export function link(label: string, url: string | undefined): string {
  if (!url || !/^https?:\/\/[^\s<>"'`\\|\p{C}]+$/u.test(url)) return label
  return `[${label}](${url.replace(/[()[\]]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)})`
}

/** One table row; the cells are safe Markdown already. */
export function row(cells: string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** A table with its head; a column whose title ends in `:` is aligned right. */
export function table(titles: string[], rows: string[][]): string {
  const align = titles.map((title) => (title.endsWith(':') ? '--:' : ':--'))
  return [row(titles.map((title) => title.replace(/:$/, ''))), row(align), ...rows.map(row)].join('\n')
}

/** A folded part; title and body are safe Markdown already, the title without block elements. */
export function details(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>`
}

/** A text as one who undoes its escapes reads it. */
export interface Reading {
  text: string
  form: 'raw' | 'uri' | 'json' | 'html'
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", lowbar: '_', ast: '*' }
const LETTERS: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/**
 * A text as it is and with its escapes undone, one kind inside another too: percent (RFC 3986), character references of
 * HTML, the escapes of JSON and Markdown.
 */
export function plainTexts(text: string): Reading[] {
  const readings: Reading[] = [{ text, form: 'raw' }]
  // Twice, for what was escaped twice.
  for (const round of [1, 2]) {
    for (const reading of [...readings]) {
      for (const [form, undo] of [
        ['uri', fromUri],
        ['json', fromJson],
        ['html', fromHtml],
      ] as const) {
        const plain = undo(reading.text)
        if (readings.some((other) => other.text === plain)) continue
        readings.push({ text: plain, form: round === 1 && reading.form === 'raw' ? form : reading.form })
      }
    }
  }
  return readings
}

function fromUri(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
}

function fromJson(text: string): string {
  return text.replace(/\\(u[0-9a-f]{4}|.)/gis, (_, escaped: string) =>
    escaped.length === 1 ? (LETTERS[escaped] ?? escaped) : String.fromCharCode(Number.parseInt(escaped.slice(1), 16)),
  )
}

function fromHtml(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|\w+);/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()] ?? whole
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}

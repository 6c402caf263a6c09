/** Replaces secrets in the log, as the runner's SecretMasker does. */
export interface Masker {
  /** Knows a secret from now on: the whole value, each of its lines, and the encoded forms of all of these. */
  add(value: string): void
  mask(text: string): string
  /** The values as they were added. */
  readonly values: readonly string[]
}

/**
 * The forms in which the runner finds a secret again (HostContext.cs, ValueEncoders.cs): base64 from three offsets, and as
 * it is escaped for a command line, an expression, JSON, a URI and XML. The two forms for PowerShell are left out.
 */
function encoded(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8')
  const base64 = [0, 1, 2].map((shift) => (bytes.length > shift ? bytes.subarray(shift) : bytes).toString('base64'))
  const quoted = value.length > 8 && value.startsWith('"') && value.endsWith('"')
  return [
    ...base64,
    value.replaceAll('"', '\\"'),
    value.replaceAll("'", "''"),
    JSON.stringify(value).slice(1, -1),
    escapeUri(value),
    value.replace(/[<>&"']/g, (char) => XML[char] ?? char),
    quoted ? value.slice(1, -1) : '',
  ].filter((form) => form !== '')
}

const XML: Record<string, string> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;', "'": '&apos;' }

/** `Uri.EscapeDataString`: unlike JavaScript's function it escapes `!'()*` too. */
function escapeUri(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** A masker that knows no secret yet. */
export function createMasker(): Masker {
  const values: string[] = []
  const forms = new Set<string>()
  const addOne = (value: string): void => {
    for (const form of [value, ...encoded(value)]) forms.add(form)
  }
  return {
    values,
    add(value) {
      if (value.trim() === '' || values.includes(value)) return
      values.push(value)
      addOne(value)
      for (const line of value.split(/[\r\n]+/)) if (line !== '') addOne(line)
    },
    mask(text) {
      const ranges = [...forms].flatMap((form) => occurrences(text, form)).sort((a, b) => a.start - b.start)
      let masked = ''
      let end = 0
      let open = false
      for (const range of ranges) {
        if (open && range.start <= end) {
          end = Math.max(end, range.end)
          continue
        }
        masked += `${text.slice(end, range.start)}***`
        end = range.end
        open = true
      }
      return masked + text.slice(end)
    },
  }
}

function occurrences(text: string, form: string): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = []
  for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) {
    found.push({ start: at, end: at + form.length })
  }
  return found
}

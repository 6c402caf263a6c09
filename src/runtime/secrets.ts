/** Knows every secret of the run, so that it is masked before it can be printed and redacted where masks do not reach. */
export interface Secrets {
  /** Registers a secret and its URL-encoded forms; values under six characters are ignored, they would mask ordinary text. */
  add(value: string): void
  /** Replaces every known secret in a text by `***`. */
  redact(text: string): string
}

const SHORTEST = 6

/**
 * Every form in which a secret can appear: raw, each line of it, and percent-encoded as JavaScript and as strict RFC 3986
 * encoders write it (`!'()*` differ).
 */
export function secretForms(value: string): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim())
  const raw = [value, ...lines].filter((form) => form.length >= SHORTEST)
  const encoded = raw.flatMap((form) => {
    const javascript = encodeURIComponent(form.toWellFormed())
    const strict = javascript.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    return [javascript, strict]
  })
  return [...new Set([...raw, ...encoded])]
}

/**
 * A store of secrets that hands each form to `mask` (the runner's `::add-mask::`) as soon as it is known.
 * Redaction replaces longer secrets first, so that a URL goes as a whole before the password in it.
 */
export function createSecrets(mask: (value: string) => void): Secrets {
  const known = new Set<string>()
  return {
    add(value) {
      for (const form of secretForms(value)) {
        if (known.has(form)) continue
        known.add(form)
        mask(form)
      }
    },
    redact(text) {
      const longestFirst = [...known].sort((a, b) => b.length - a.length)
      return longestFirst.reduce((clean, secret) => clean.replaceAll(secret, '***'), text)
    },
  }
}

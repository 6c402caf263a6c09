/** A secret that can be read where it must not be. */
export interface Leak {
  /** `log line 12`, `annotation 1`, `summary line 3`, `output db_url`, … */
  where: string
  /** Which of the given secrets, counted from 0. */
  secret: number
  form: 'raw' | 'uri' | 'json' | 'base64'
}

/** Text to search, and what to call the place. */
export interface Place {
  where: string
  text: string
}

const SHORTEST = 6

/**
 * Every place where a secret survives, in any form that gives it back: as it is (each line of it, too), percent-encoded,
 * escaped for JSON, or in base64 wherever it begins in the encoded text. The secret itself is not in the answer.
 */
export function findLeaks(places: readonly Place[], secrets: readonly string[]): Leak[] {
  const leaks: Leak[] = []
  secrets.forEach((value, secret) => {
    if (value.length < SHORTEST) throw new Error(`secret ${secret} is too short to be looked for`)
    for (const { where, text } of places) {
      const found = forms(value).find(({ needle }) => text.includes(needle))
      if (found) leaks.push({ where, secret, form: found.form })
    }
  })
  return leaks
}

/** The lines of a text as places. */
export function linesOf(name: string, text: string): Place[] {
  return text.split('\n').map((line, index) => ({ where: `${name} line ${index + 1}`, text: line }))
}

function forms(value: string): { form: Leak['form']; needle: string }[] {
  const lines = value.split(/\r?\n/).filter((line) => line.trim().length >= SHORTEST)
  return [...new Set([value, ...lines])].flatMap((raw) => {
    const uri = encodeURIComponent(raw.toWellFormed())
    const strict = uri.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    return [
      { form: 'raw' as const, needle: raw },
      { form: 'uri' as const, needle: uri },
      { form: 'uri' as const, needle: strict },
      { form: 'json' as const, needle: JSON.stringify(raw).slice(1, -1) },
      ...[0, 1, 2].map((shift) => ({ form: 'base64' as const, needle: base64Core(raw, shift) })),
    ]
  })
}

/**
 * The part of base64 text that depends on the secret alone when `shift` bytes stand before it: the characters that share
 * bits with a neighbour are cut off at both ends.
 */
function base64Core(value: string, shift: number): string {
  const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(value, 'utf8')])
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 3)).toString('base64')
  return whole.slice(shift === 0 ? 0 : 4)
}

/** Values under six characters are no secrets here: hiding them would hide ordinary text. */
export const SHORTEST_SECRET = 6

/** From this many characters on, the beginning of a secret is one itself: texts are cut by servers and tools too. */
export const SHORTEST_PREFIX = 12

/** A text to look for. */
export interface Needle {
  text: string
  /** True where only the whole text is secret: the beginning of a URL or of a PEM block is the same for everybody. */
  whole: boolean
  /** True for base64, whose characters at the edges hold bits of the secret too. */
  base64: boolean
}

/** The value itself and each of its lines, as far as they are long enough and not the frame of a PEM block. */
function parts(value: string): string[] {
  const lines = value.split(/\r\n|\n|\r/).map((line) => line.trim())
  const kept = lines.filter((line) => !/^-----(?:BEGIN|END) [A-Z ]+-----$/.test(line))
  return [...new Set([value, ...kept])].filter((part) => part.length >= SHORTEST_SECRET)
}

/**
 * The forms to mask: raw, each line of it, and percent-encoded as JavaScript and as strict RFC 3986 encoders write it
 * (`!'()*` differ). The runner itself knows base64, JSON and XML (ValueEncoders.cs).
 */
export function secretForms(value: string): string[] {
  const raw = parts(value)
  const encoded = raw.flatMap((form) => {
    const javascript = encodeURIComponent(form.toWellFormed())
    const strict = javascript.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    return [javascript, strict]
  })
  return [...new Set([...raw, ...encoded])]
}

/**
 * What to look for in a text, so that the secret is found as it is, with doubled quotes (SQL), quoted for a shell, with `+`
 * for a space (forms), and in base64 wherever it begins in the encoded text. Percent, HTML and backslash escapes are not
 * here: they are undone in the text that is searched.
 */
export function needlesOf(value: string): Needle[] {
  return parts(value).flatMap((part) => {
    const whole = /^[\w+.-]+:\/\//.test(part) || part.startsWith('-----')
    const plain = [
      part,
      part.replaceAll("'", "''"),
      part.replaceAll('"', '""'),
      part.replaceAll("'", "'\\''"),
      part.replaceAll(' ', '+'),
    ]
    const cores = [0, 1, 2].flatMap((shift) => base64Core(part, shift))
    return [
      ...[...new Set(plain)].map((text) => ({ text, whole, base64: false })),
      ...[...new Set(cores)].map((text) => ({ text, whole, base64: true })),
    ]
  })
}

/**
 * The part of base64 that depends on the secret alone when `shift` bytes stand before it, in both alphabets: the characters
 * that share bits with a neighbour are cut off. None where that leaves too few to be sure.
 */
function base64Core(value: string, shift: number): string[] {
  const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(value, 'utf8')])
  const even = bytes.subarray(0, bytes.length - (bytes.length % 3)).toString('base64')
  const core = even.slice(shift === 0 ? 0 : 4)
  return core.length < 8 ? [] : [core, core.replaceAll('+', '-').replaceAll('/', '_')]
}

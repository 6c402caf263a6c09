import { plainTexts, type Reading } from './plain-texts.ts'

/** A secret that can be read where it must not be. */
export interface Leak {
  /** `log line 12`, `annotation 1`, `summary line 3`, `output db_url`, … */
  where: string
  /** Which of the given secrets, counted from 0. */
  secret: number
  /** How it stands there; `part` is the beginning of one that was cut short, in whatever form. */
  form: 'raw' | 'uri' | 'json' | 'html' | 'base64' | 'part'
}

/** Text to search, and what to call the place. */
export interface Place {
  where: string
  text: string
}

const SHORTEST = 6
// So many characters of a secret that was cut short are one.
const PREFIX = 12
// Fewer characters of base64 stand in too many words.
const SHORTEST_BASE64 = 8

/**
 * Every place where a secret survives, in any form that gives it back: as it is (each line of it, too), with percent, HTML or
 * JSON escapes in it, one inside another too, in base64 wherever it begins in the encoded text, or its first twelve
 * characters alone; of a URL, whose beginning is no secret, the password counts. The secret itself is not in the answer.
 */
export function findLeaks(places: readonly Place[], secrets: readonly string[]): Leak[] {
  const needles = secrets.map((value, secret) => {
    if (value.length < SHORTEST) throw new Error(`secret ${secret} is too short to be looked for`)
    return needlesOf(value)
  })
  const leaks: Leak[] = []
  const readings = places.map(({ where, text }) => ({ where, texts: plainTexts(text) }))
  for (const [secret, searched] of needles.entries()) {
    for (const { where, texts } of readings) {
      const form = formIn(texts, searched)
      if (form) leaks.push({ where, secret, form })
    }
  }
  return leaks
}

/** The lines of a text as places. */
export function linesOf(name: string, text: string): Place[] {
  return text.split('\n').map((line, index) => ({ where: `${name} line ${index + 1}`, text: line }))
}

interface Needles {
  whole: string[]
  base64: string[]
  part: string[]
}

function formIn(texts: Reading[], { whole, base64, part }: Needles): Leak['form'] | undefined {
  const has = (needles: string[]) => (reading: Reading) => needles.some((needle) => reading.text.includes(needle))
  const found = texts.find(has(whole))
  if (found) return found.form
  if (texts.some(has(base64))) return 'base64'
  return texts.some(has(part)) ? 'part' : undefined
}

function needlesOf(value: string): Needles {
  // The frame of a PEM block is the same for everybody.
  const lines = value
    .split(/\r?\n/)
    .filter((line) => line.trim().length >= SHORTEST && !/^-----(?:BEGIN|END) [A-Z ]+-----$/.test(line.trim()))
  const whole = [...new Set([value, ...lines])]
  const cut = whole.filter((text) => text.length > PREFIX && !/^[\w+.-]+:\/\//.test(text) && !text.startsWith('-----'))
  const parts = cut.map((text) => text.slice(0, PREFIX))
  const passwords = passwordsIn(value)
  return {
    whole: whole.flatMap((text) => [text, text.replaceAll(' ', '+')]),
    base64: whole.flatMap(base64Of),
    part: [
      ...parts,
      ...parts.flatMap(base64Of),
      ...passwords.flatMap((text) => [text.slice(0, PREFIX), ...base64Of(text)]),
    ],
  }
}

/** The password in a URL, as it is written and as it is meant. */
function passwordsIn(value: string): string[] {
  const written = /^[\w+.-]+:\/\/[^:/?#]*:(.*)@/s.exec(value)?.[1] ?? ''
  const meant = /%(?![0-9a-f]{2})/i.test(written) ? written : decodeURIComponent(written)
  return [...new Set([written, meant])].filter((text) => text.length >= SHORTEST)
}

/** The parts of base64 text, in both alphabets, that depend on the value alone wherever it begins in the encoded text. */
function base64Of(value: string): string[] {
  return [0, 1, 2].flatMap((shift) => {
    const core = base64Core(value, shift)
    return core.length < SHORTEST_BASE64 ? [] : [core, core.replaceAll('+', '-').replaceAll('/', '_')]
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

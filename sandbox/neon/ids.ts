import { randomBytes, randomInt } from 'node:crypto'

const ADJECTIVES = [
  'autumn',
  'bold',
  'calm',
  'cool',
  'divine',
  'green',
  'holy',
  'late',
  'misty',
  'patient',
  'quiet',
  'royal',
  'shiny',
  'snowy',
  'sweet',
  'wild',
]
const NOUNS = [
  'bird',
  'block',
  'boat',
  'breeze',
  'cloud',
  'dawn',
  'field',
  'flower',
  'forest',
  'haze',
  'moon',
  'river',
  'salad',
  'star',
  'tree',
  'wind',
]
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** Ids in the shape of Neon's: the official tools tell an id from a name by it. */
export const ids = {
  /** `adjective-noun-12345678` */
  project: () => `${words()}-${randomInt(10_000_000, 99_999_999)}`,
  /** `br-adjective-noun-a1b2c3d4` */
  branch: () => `br-${words()}-${tail()}`,
  /** `ep-adjective-noun-a1b2c3d4` */
  endpoint: () => `ep-${words()}-${tail()}`,
  /** `org-adjective-noun-12345678` */
  organization: () => `org-${words()}-${randomInt(10_000_000, 99_999_999)}`,
  /** An API key. */
  key: () => `napi_${randomBytes(32).toString('hex')}`,
  /** A role's password. */
  password: () => `npg_${Array.from({ length: 12 }, () => letter()).join('')}`,
}

function words(): string {
  return `${ADJECTIVES[randomInt(ADJECTIVES.length)]}-${NOUNS[randomInt(NOUNS.length)]}`
}

function tail(): string {
  return `a${Array.from({ length: 7 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')}`
}

function letter(): string {
  const letters = `${ALPHABET}ABCDEFGHIJKLMNOPQRSTUVWXYZ`
  return letters[randomInt(letters.length)] ?? 'x'
}

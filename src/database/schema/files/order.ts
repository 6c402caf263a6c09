/**
 * Compares two file names with `/` in natural order: folder by folder, runs of digits by their value (`2_x` before
 * `10_x`), all else by UTF-16 code units, never by a locale. The ending `.sql` does not count (`1.sql` before
 * `1-b.sql`), and a version of Flyway's form ends at its `__` (`V1__b` before `V1.1__a`). Negative, zero or positive;
 * zero only for equal names.
 */
export function compareNames(a: string, b: string): number {
  return compareLists(segments(a), segments(b), compareSegments) || compareUnits(a, b)
}

function segments(name: string): string[] {
  return name.replace(/\.sql$/i, '').split('/')
}

function compareLists<T>(a: T[], b: T[], compare: (a: T, b: T) => number): number {
  for (const [index, left] of a.entries()) {
    const right = b[index]
    if (right === undefined) return 1
    const order = compare(left, right)
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareSegments(a: string, b: string): number {
  return compareLists(chunks(a), chunks(b), compareChunks) || compareUnits(a, b)
}

function chunks(segment: string): string[] {
  return segment.replace(/^([VB]\d+(?:[._]\d+)*)__/, '$1\0').match(/\d+|\D+/g) ?? []
}

function compareChunks(a: string, b: string): number {
  if (!isDigits(a) || !isDigits(b)) return compareUnits(a, b)
  const [left, right] = [BigInt(a), BigInt(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

function isDigits(chunk: string): boolean {
  return /^\d/.test(chunk)
}

function compareUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * A name like `name` that sorts behind all of `existing` and is not among them: in the folder of the last one, with the
 * next number in the same width (`0003_add.sql` behind `0007_x.sql` becomes `0008_add.sql`). Where the last one has
 * no number, its name without ending goes in front.
 */
export function nextFreeName(existing: string[], name: string): string {
  const last = existing.reduce<string | undefined>(
    (a, b) => (a !== undefined && compareNames(a, b) > 0 ? a : b),
    undefined,
  )
  if (last === undefined || compareNames(name, last) > 0) return name
  const [lastFolder, lastBase] = splitPath(last)
  const [folder, base] = splitPath(name)
  // Folders with one file each (`20240301_x/migration.sql`): there the folder carries the number.
  const inFolder = folder !== lastFolder && base === lastBase && folder !== '' && lastFolder !== ''
  if (inFolder) return `${numbered(lastFolder, folder)}/${base}`
  const next = numbered(lastBase.replace(/\.sql$/i, ''), base)
  return lastFolder ? `${lastFolder}/${next}` : next
}

function splitPath(name: string): [string, string] {
  const slash = name.lastIndexOf('/')
  return slash < 0 ? ['', name] : [name.slice(0, slash), name.slice(slash + 1)]
}

/** `name` with the first number of `last`, plus one; or behind `last`, when that has no number. */
function numbered(last: string, name: string): string {
  const [, lead = '', digits] = /^(\D*)(\d+)/.exec(last) ?? []
  if (digits === undefined) return `${last}_${name}`
  const next = String(BigInt(digits) + 1n).padStart(digits.length, '0')
  const own = /^(\D*)\d+(?:[._]\d+)*(.*)$/s.exec(name)
  const rest = own && own[1] === lead ? (own[2] ?? '') : `_${name}`
  return `${lead}${next}${rest}`
}

const UNDO_FOLDER = /^(?:(?:migrations?|sql|scripts?)[-_.])?(?:reverts?|verify|downs?|undos?|rollbacks?|downgrades?)$/i

/**
 * Why a file is not for running forward, or an empty string: the undoing half of a pair (`*.down.sql`, `*.undo.sql`,
 * `*.rollback.sql`, `down.sql`, `001.undo.x.sql`, Flyway's `U1__x.sql`), or a file in a folder for such files (`down/`,
 * `rollback/`, `revert/`) or for checks (`verify/`).
 */
export function skipReason(name: string): string {
  const folders = name.split('/')
  const base = folders.pop() ?? ''
  const ends = /\.(down|undo|rollback|revert|downgrade)\.sql$/i.exec(base)
  if (ends) return `*.${(ends[1] ?? '').toLowerCase()}.sql files undo a migration`
  const within = /^\d[^.]*\.(down|undo|rollback|revert|downgrade)\..*\.sql$/i.exec(base)
  if (within) return `*.${(within[1] ?? '').toLowerCase()}.*.sql files undo a migration`
  if (/^(?:down|undo|rollback|revert|downgrade)\.sql$/i.test(base)) return `${base} undoes a migration`
  // Flyway's undo files carry a version; a plain name such as Users__seed.sql is no undo file.
  if (/^U\d+(?:[._]\d+)*__/.test(base)) return 'U…__*.sql files undo a migration'
  const folder = folders.find((part) => UNDO_FOLDER.test(part))
  if (folder) return `files in a folder ${folder}/ do not belong to the way forward`
  return ''
}

const UNDO_WORD =
  /(?<![a-zA-Z])(?:down|undo|rollback|revert|downgrade)(?![a-z])|(?<![A-Z])(?:Down|Undo|Rollback|Revert|Downgrade)(?![a-z])/g
const FORWARD_WORDS = ['up', 'do', 'apply', 'deploy', 'migrate', 'forward', 'upgrade', '']

/**
 * Names, in lower case, that the forward half would have if this file were the undoing one: `down_users.sql` has `up_users.sql`
 * and `users.sql`, `UsersDown.sql` has `usersup.sql` and `users.sql`. Empty where no such word is in the name.
 */
export function forwardNames(name: string): string[] {
  const [folder, base] = splitPath(name)
  const words = [...base.matchAll(UNDO_WORD)]
  const names = words.flatMap(({ 0: word, index }) =>
    FORWARD_WORDS.map((other) => {
      const renamed = base.slice(0, index) + other + base.slice(index + word.length)
      return other === '' ? renamed.replace(/^[-_.]+|[-_.]+(?=\.sql$)|([-_.])[-_.]+/gi, '$1') : renamed
    }),
  )
  return names.map((other) => (folder ? `${folder}/${other}` : other).toLowerCase())
}

/** Whether a file's name says that it runs again when it changes: `R__*.sql`, `*.repeatable.sql`. */
export function isRepeatableName(name: string): boolean {
  const base = name.slice(name.lastIndexOf('/') + 1)
  return /^R__/.test(base) || /\.repeatable\.sql$/i.test(base)
}

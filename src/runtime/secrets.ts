import { decodedTexts } from './decoded-text.ts'
import { type Needle, needlesOf, SHORTEST_PREFIX, secretForms } from './secret-forms.ts'
import { createSearch, merged, type Range } from './secret-search.ts'

/** Knows every secret of the run, so that it is masked before it can be printed and redacted where masks do not reach. */
export interface Secrets {
  /** Registers a secret in all its forms; values under six characters are ignored, they would mask ordinary text. */
  add(value: string): void
  /**
   * Replaces every known secret in a text by `***`, in whatever form it stands there, and also the first twelve characters
   * or more of one. Comes before a text is escaped, cut, encoded or made JSON.
   */
  redact(text: string): string
  /**
   * As {@link redact} for what others look objects up by (labels): short secrets stay, since a weak password such as
   * `postgres` is a word that names are made of.
   */
  redactLong(text: string): string
  /** As {@link redact}, but with a `*` for each character, line breaks kept: places in the text stay what they are. */
  cover(text: string): string
}

/**
 * A store of secrets that hands the forms of each to `mask` (the runner's `::add-mask::`) as soon as it is known.
 */
export function createSecrets(mask: (value: string) => void): Secrets {
  const masked = new Set<string>()
  const needles = new Map<string, Needle>()
  let search: ((text: string) => Range[]) | undefined
  const ranges = (text: string): Range[] => {
    if (needles.size === 0) return []
    search ??= createSearch([...needles.values()])
    return findIn(text, search)
  }
  return {
    add(value) {
      for (const form of secretForms(value)) {
        if (masked.has(form)) continue
        masked.add(form)
        mask(form)
      }
      for (const needle of needlesOf(value)) {
        if (needles.has(needle.text)) continue
        needles.set(needle.text, needle)
        search = undefined
      }
    },
    redact: (text) => replace(text, ranges(text), () => '***'),
    redactLong(text) {
      const long = ranges(text).filter(({ start, end }) => end - start >= SHORTEST_PREFIX)
      return replace(text, long, () => '***')
    },
    cover: (text) => replace(text, ranges(text), (secret) => secret.replace(/[^\r\n]/gu, '*')),
  }
}

/** The ranges of a text that give a secret away, in order and apart from each other. */
function findIn(text: string, search: (text: string) => Range[]): Range[] {
  const found = decodedTexts(text).flatMap((view) =>
    search(view.text).map(({ start, end }) => ({ start: view.origin(start, 'start'), end: view.origin(end, 'end') })),
  )
  return merged(found)
}

function replace(text: string, ranges: Range[], by: (secret: string) => string): string {
  let clean = ''
  let end = 0
  for (const range of ranges) {
    clean += text.slice(end, range.start) + by(text.slice(range.start, range.end))
    end = range.end
  }
  return clean + text.slice(end)
}

import { createHash } from 'node:crypto'
import type { Report } from '../model.ts'

/** Which branch a comment's text is about, seen from one branch. */
export type About = 'same' | 'other' | 'unknown'

/** The hidden word for the branch of a report, a hash so that no name can end the HTML comment; empty where there is none. */
export function branchMark({ branch }: Pick<Report, 'branch'>): string {
  return branch ? `branch=${hash(branch.name)}` : ''
}

const MARK =
  /^(?:<!-- neon-postgres-setup \w+ -->\s+)?<!-- neon-postgres-setup (?:state=[0-9a-f]{12} )?branch=([0-9a-f]{12}) -->/

/**
 * Whether a comment's text (without its marker) is about the branch of this name. Texts of earlier versions have no word for it:
 * there the name in the first line tells.
 */
export function aboutBranch(name: string): (text: string) => About {
  return (text) => {
    const found = MARK.exec(text.trimStart())?.[1]
    if (found !== undefined) return found === hash(name) ? 'same' : 'other'
    const headline = text.split('\n').find((line) => line.startsWith('### ')) ?? ''
    return headline.includes(`\`${name}\``) ? 'same' : 'unknown'
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

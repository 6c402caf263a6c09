import type { Statement } from '../sql/split.ts'
import { LOCKS, LOOK, PREPARE_LOOK } from './within.ts'

// A file with none of these words prepares nothing; what a trigger may do out of its sight is for `isLookGone`.
const MAY_PREPARE = /prepare|deallocate|discard|execute|\b(?:do|call|select)\b/i
const TAKES_PREPARED = /deallocate|discard/i

/** A file as far as it matters here. */
interface File {
  statements: Statement[]
  observe: boolean
}

/** Says, as files are sent one after the other, when the look at them has to be prepared, and which one to send. */
export class PreparedLook {
  private readonly prepares: boolean
  private ready = false

  /** Without `prepares` the look is sent as it is, and so planned each time. */
  constructor(prepares: boolean) {
    this.prepares = prepares
  }

  /** What must come before a file: whether statements that are prepared have to go, and SQL that prepares the look. */
  before(file: File, previous: File | undefined): { forgetsPrepared: boolean; prepare: string[] } {
    const forgetsPrepared = !previous || mentions(previous, MAY_PREPARE)
    if (forgetsPrepared) this.ready = false
    const prepare = this.prepares && file.observe && !this.ready
    if (prepare) this.ready = true
    return { forgetsPrepared, prepare: prepare ? [PREPARE_LOOK] : [] }
  }

  /** SQL that looks at what the transaction of a file holds; its rows are for `readObservation`. */
  at(file: File): string {
    return this.prepares && !mentions(file, TAKES_PREPARED) ? LOOK : LOCKS
  }
}

function mentions({ statements }: File, words: RegExp): boolean {
  return statements.some(({ text }) => words.test(text))
}

import { type Clock, seconds } from './clock.ts'
import { type Clean, cleanLine } from './door.ts'
import type { Location } from './errors.ts'
import { annotate, closeGroup, isDebugging, openGroup, printDebug, print as printLine } from './exits.ts'
import type { Secrets } from './secrets.ts'

/** Where the run tells what it does. Every text passes the door (door.ts): no secret and no workflow command leaves. */
export interface Log {
  debug(text: string): void
  info(text: string): void
  /** The three kinds of annotation; a location puts them on a line of the pull request. */
  notice(text: string, at?: Annotation): void
  warning(text: string, at?: Annotation): void
  error(text: string, at?: Annotation): void
  /** Prints at most one progress line in five seconds; the rest is dropped. */
  progress(text: string): void
  /**
   * A folded group; its last line says how long it took. It is opened by the first line that is told in it: one in which
   * nothing is told leaves a line if it took a second, and one inside another belongs to that, as GitHub shows no deeper ones.
   */
  group<T>(title: string, work: () => Promise<T>): Promise<T>
}

/** Where an annotation stands, and its title. */
export interface Annotation {
  location?: Location
  title?: string
}

const PROGRESS_INTERVAL = 5000
// The runner keeps 10 annotations of a type per step and cuts messages at 4096 characters (ExecutionContext.cs).
const MOST_ANNOTATIONS = 10
const LONGEST_ANNOTATION = 4000
// A phase that is over sooner and told nothing is nothing to know of.
const WORTH_A_LINE = 1000

/** The log of a real run: lines and workflow commands on standard output. */
export function createLog(secrets: Secrets, clock: Clock): Log {
  let lastProgress = clock.now()
  const written = { notice: 0, warning: 0, error: 0 }
  const pass = (text: string) => cleanLine(secrets, text)
  // The group that the next line opens, and how many are under way.
  let waiting: string | undefined
  let depth = 0
  const opening = () => {
    if (waiting === undefined) return
    openGroup(pass(waiting))
    waiting = undefined
  }
  const print = (text: Clean) => {
    opening()
    printLine(text)
  }
  const note = (kind: keyof typeof written, text: string, { title, location }: Annotation = {}) => {
    written[kind] += 1
    if (written[kind] > MOST_ANNOTATIONS) return print(pass(`${kind}: ${text}`))
    opening()
    annotate(kind, pass(secrets.redact(text).slice(0, LONGEST_ANNOTATION)), {
      ...(title ? { title: pass(title) } : {}),
      ...(location ? { file: pass(location.file), startLine: location.line } : {}),
      ...(location?.column ? { startColumn: location.column } : {}),
    })
  }
  return {
    debug(text) {
      if (isDebugging()) opening()
      printDebug(pass(text))
    },
    info: (text) => print(pass(text)),
    notice: (text, at) => note('notice', text, at),
    warning: (text, at) => note('warning', text, at),
    error: (text, at) => note('error', text, at),
    progress(text) {
      if (clock.now() - lastProgress < PROGRESS_INTERVAL) return
      lastProgress = clock.now()
      print(pass(text))
    },
    async group(title, work) {
      if (depth > 0) return await work()
      const started = clock.now()
      depth += 1
      waiting = title
      try {
        return await work()
      } finally {
        const took = clock.now() - started
        const isOpen = waiting === undefined
        waiting = undefined
        depth -= 1
        if (isOpen || took >= WORTH_A_LINE)
          printLine(pass(isOpen ? `(${seconds(took)})` : `${title} (${seconds(took)})`))
        if (isOpen) closeGroup()
      }
    },
  }
}

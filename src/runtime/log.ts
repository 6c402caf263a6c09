import * as core from '@actions/core'
import { type Clock, seconds } from './clock.ts'
import type { Location } from './errors.ts'
import type { Secrets } from './secrets.ts'

/** Where the run tells what it does. Every text is redacted before it leaves. */
export interface Log {
  debug(text: string): void
  info(text: string): void
  /** The three kinds of annotation; a location puts them on a line of the pull request. */
  notice(text: string, at?: Annotation): void
  warning(text: string, at?: Annotation): void
  error(text: string, at?: Annotation): void
  /** Prints at most one progress line in five seconds; the rest is dropped. */
  progress(text: string): void
  /** A folded group; its last line says how long it took. */
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

/** The log of a real run: workflow commands on standard output, through @actions/core. */
export function createLog(secrets: Secrets, clock: Clock): Log {
  let lastProgress = clock.now()
  const written = { notice: 0, warning: 0, error: 0 }
  const commands = { notice: core.notice, warning: core.warning, error: core.error }
  const annotate = (kind: keyof typeof written, text: string, at: Annotation = {}) => {
    const clean = secrets.redact(text)
    written[kind] += 1
    if (written[kind] > MOST_ANNOTATIONS) return core.info(`${kind}: ${clean}`)
    const { location } = at
    commands[kind](clean.slice(0, LONGEST_ANNOTATION), {
      ...(at.title ? { title: secrets.redact(at.title) } : {}),
      ...(location ? { file: location.file, startLine: location.line } : {}),
      ...(location?.column ? { startColumn: location.column } : {}),
    })
  }
  return {
    debug: (text) => core.debug(secrets.redact(text)),
    info: (text) => core.info(secrets.redact(text)),
    notice: (text, at) => annotate('notice', text, at),
    warning: (text, at) => annotate('warning', text, at),
    error: (text, at) => annotate('error', text, at),
    progress(text) {
      if (clock.now() - lastProgress < PROGRESS_INTERVAL) return
      lastProgress = clock.now()
      core.info(secrets.redact(text))
    },
    async group(title, work) {
      const started = clock.now()
      core.startGroup(secrets.redact(title))
      try {
        return await work()
      } finally {
        core.info(`(${seconds(clock.now() - started)})`)
        core.endGroup()
      }
    },
  }
}

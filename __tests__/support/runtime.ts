import type { Clock } from '../../src/runtime/clock.ts'
import { cleanLine } from '../../src/runtime/door.ts'
import type { Annotation, Log } from '../../src/runtime/log.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { createSecrets } from '../../src/runtime/secrets.ts'

/** A runtime whose log and masks can be looked at. */
export interface TestRuntime extends Runtime {
  lines: string[]
  annotations: { kind: 'notice' | 'warning' | 'error'; text: string; at: Annotation | undefined }[]
  masks: string[]
  abort(reason: Error): void
}

/**
 * A runtime for tests: keeps what is logged, and with `instant` a clock on which every sleep passes at once
 * (its milliseconds are added to `now`).
 */
export function testRuntime(options: { instant?: boolean } = {}): TestRuntime {
  const lines: string[] = []
  const annotations: TestRuntime['annotations'] = []
  const masks: string[] = []
  const controller = new AbortController()
  const secrets = createSecrets((value) => masks.push(value))
  const write = (text: string) => void lines.push(cleanLine(secrets, text))
  const annotate = (kind: 'notice' | 'warning' | 'error') => (text: string, at?: Annotation) => {
    annotations.push({ kind, text: cleanLine(secrets, text), at })
    write(`${kind}: ${text}`)
  }
  const log: Log = {
    debug: (text) => write(`debug: ${text}`),
    info: write,
    notice: annotate('notice'),
    warning: annotate('warning'),
    error: annotate('error'),
    progress: write,
    group: (title, work) => {
      write(`group: ${title}`)
      return work()
    },
  }
  return {
    log,
    secrets,
    clock: options.instant ? instantClock() : realClock(),
    signal: controller.signal,
    lines,
    annotations,
    masks,
    abort: (reason) => controller.abort(reason),
  }
}

/** A clock on which sleeping costs nothing but moves the time on. */
export function instantClock(): Clock & { slept: number[] } {
  let now = 1_800_000_000_000
  const slept: number[] = []
  return {
    slept,
    now: () => now,
    async sleep(milliseconds, signal) {
      signal?.throwIfAborted()
      slept.push(milliseconds)
      now += milliseconds
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

function realClock(): Clock {
  return {
    now: () => Date.now(),
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, milliseconds)
        signal?.addEventListener('abort', () => {
          clearTimeout(timer)
          reject(signal.reason)
        })
      }),
  }
}

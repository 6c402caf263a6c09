import { ActionError } from './errors.ts'

/** How long a run may live, and what ends it early. */
export interface Lifetime {
  /** Aborts on SIGINT, SIGTERM or when the time is up; its reason is an {@link ActionError}. */
  readonly signal: AbortSignal
  /** Takes the handlers off again; call it when the run is over. */
  dispose(): void
}

/** The end of a run whose `timeout` is over. */
export class OutOfTime extends ActionError {
  #isNamed = false

  constructor(milliseconds: number) {
    super(`The run took longer than timeout ${milliseconds / 1000} s.`, {
      advice: 'Raise the input timeout, or look in the log for what it was waiting for.',
    })
  }

  /** Says in which phase of the run the time was over; the first, which is the innermost, counts. */
  during(phase: string): void {
    if (this.#isNamed) return
    this.#isNamed = true
    this.message = this.message.replace(/\.$/, `: it was in the phase '${phase}'.`)
  }
}

/** Whether a run was told to end, by the runner and not by its `timeout`: such a run is never a success. */
export function wasCancelled(signal: AbortSignal): boolean {
  return signal.aborted && !(signal.reason instanceof OutOfTime)
}

/**
 * Watches for the runner's cancel (SIGINT, 7.5 s later SIGTERM, 2.5 s later a kill) and for the `timeout` input.
 * @param milliseconds the longest the run may take; 0 means no limit of ours.
 */
export function watchLifetime(milliseconds: number): Lifetime {
  const controller = new AbortController()
  const cancel = () =>
    controller.abort(
      new ActionError('The run was cancelled.', { advice: 'Run it again: it goes on where it stopped.' }),
    )
  const expire = () => controller.abort(new OutOfTime(milliseconds))
  process.on('SIGINT', cancel)
  process.on('SIGTERM', cancel)
  // Node takes a longer delay for one of 1 ms (manual, setTimeout).
  const timer = milliseconds > 0 ? setTimeout(expire, Math.min(milliseconds, 2 ** 31 - 1)) : undefined
  timer?.unref()
  return {
    signal: controller.signal,
    dispose() {
      clearTimeout(timer)
      process.off('SIGINT', cancel)
      process.off('SIGTERM', cancel)
    },
  }
}

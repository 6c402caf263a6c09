/** A fault that a stand-in server plays: which requests it meets, how often, and what happens. */
export interface Fault {
  method?: string
  /** Matched against path and query. */
  path?: RegExp
  /** Lets this many matching requests through first. */
  skip?: number
  /** How many matching requests it meets; 1 unless told. */
  times?: number
  /**
   * `answer`: replies at once with status, headers and body, the request has no effect.
   * `answer-after`: the request takes effect, then this reply is sent in place of the true one.
   * `drop`: closes the socket, the request has no effect.
   * `drop-after`: the request takes effect, then the socket is closed without a reply.
   * `slow`: waits `milliseconds`, then goes on as usual.
   */
  kind: 'answer' | 'answer-after' | 'drop' | 'drop-after' | 'slow'
  status?: number
  headers?: Record<string, string>
  body?: string
  milliseconds?: number
}

/** The faults of one server, used up in the order they were added. */
export interface FaultPlan {
  add(fault: Fault): void
  clear(): void
  /** The fault that meets this request, if any; counts it. */
  meet(method: string, path: string): Fault | undefined
}

/** An empty plan. */
export function createFaultPlan(): FaultPlan {
  let faults: { fault: Fault; seen: number }[] = []
  return {
    add: (fault) => void faults.push({ fault, seen: 0 }),
    clear() {
      faults = []
    },
    meet(method, path) {
      for (const entry of faults) {
        const { fault } = entry
        if (fault.method && fault.method !== method) continue
        if (fault.path && !fault.path.test(path)) continue
        entry.seen += 1
        const turn = entry.seen - (fault.skip ?? 0)
        if (turn >= 1 && turn <= (fault.times ?? 1)) return fault
      }
      return undefined
    },
  }
}

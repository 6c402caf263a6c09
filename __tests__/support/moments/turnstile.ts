/**
 * Where an event of a run is held: a request or a message of SQL, before it reaches the server (`before`), when the server
 * has done it and before the answer goes back (`after`), or not at all: the answer goes on its way at that moment (`with`).
 */
export type Side = 'before' | 'after' | 'with'

/** Which event is held, and what happens meanwhile. */
export interface Hold {
  /** From 1, over everything that the run asks of anybody. */
  number: number
  side: Side
  /** Done while it is held. False when it resolves: the event, or its answer, is lost. */
  meanwhile(): Promise<boolean>
}

/** What becomes of an event. */
export interface Passage {
  /** False: it never reaches the server. */
  goesOn: boolean
  /** Called when the server has answered; false: the answer is lost. Only there when this event is the one that is held. */
  back?: () => Promise<boolean>
}

/** Counts everything that one run asks of the world, and holds one event of it. */
export interface Turnstile {
  /** What came so far, in order. */
  readonly events: readonly string[]
  /** Whether the held event has come. */
  readonly isReached: boolean
  /** Counts anew from here, and holds this event; none without an argument. */
  reset(hold?: Hold): void
  /** Lets an event in. */
  enter(what: string): Promise<Passage>
}

export function createTurnstile(): Turnstile {
  let events: string[] = []
  let hold: Hold | undefined
  let isReached = false
  return {
    get events() {
      return events
    },
    get isReached() {
      return isReached
    },
    reset(next) {
      events = []
      hold = next
      isReached = false
    },
    async enter(what) {
      events.push(what)
      const held = hold
      if (!held || events.length !== held.number) return { goesOn: true }
      isReached = true
      if (held.side === 'before') return { goesOn: await held.meanwhile() }
      return { goesOn: true, back: () => held.meanwhile() }
    },
  }
}

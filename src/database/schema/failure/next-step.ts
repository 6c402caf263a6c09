import type { Case, Steps } from './step-table.ts'
import { STEPS_OF_DATA } from './steps-of-data.ts'
import { STEPS_OF_OBJECTS } from './steps-of-objects.ts'
import { STEPS_OF_CLASSES, STEPS_OF_SERVER } from './steps-of-server.ts'

/** What a server says about an error, as far as the next step depends on it. */
interface ServerError {
  code?: string
  message?: string
  severity?: string
}

/** Where in the file an error is. */
export interface FailedPlace {
  /** The first words of the statement, lower case. */
  kind: string
  /** The text of the statement from the place of the error on, empty where the server gives no place. */
  at: string
}

const BY_CODE = { ...STEPS_OF_OBJECTS, ...STEPS_OF_DATA, ...STEPS_OF_SERVER }
const ANY = 'Correct the statement and push again.'

/** The next step of a failed statement: by SQLSTATE, kind of statement and message; for a SQLSTATE without a step, its class's. */
export function nextStep(error: ServerError, place: FailedPlace): string {
  const code = error.code ?? ''
  const steps = BY_CODE[code] ?? STEPS_OF_CLASSES[code.slice(0, 2)] ?? ANY
  return caseOf(steps, error, place)?.step ?? (typeof steps === 'string' ? steps : String(steps.at(-1)))
}

function caseOf(steps: Steps, { message = '', severity }: ServerError, { kind, at }: FailedPlace): Case | undefined {
  if (typeof steps === 'string') return undefined
  const cases = steps.slice(0, -1) as Case[]
  return cases.find((one) => {
    // What we found ourselves about transactions has the same SQLSTATEs, and other words.
    if (one.message && (severity === undefined || !one.message.test(message))) return false
    return (one.kind?.test(kind) ?? true) && (one.at?.test(at) ?? true)
  })
}

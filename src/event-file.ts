import { readFileSync, statSync } from 'node:fs'
import { ActionError, errorCode } from './runtime/errors.ts'

const ADVICE = 'The runner writes this file: run the job again, and look at a self-hosted runner that changes it.'

/**
 * The payload of the event, from the file that the runner names in GITHUB_EVENT_PATH; an empty object where it names none.
 * Throws an ActionError for a file that cannot be read or holds no JSON object.
 */
export function readPayload(env: NodeJS.ProcessEnv): unknown {
  const path = env.GITHUB_EVENT_PATH
  if (!path) return {}
  const payload = parse(read(path))
  if (typeof payload === 'object' && payload !== null && !Array.isArray(payload)) return payload
  throw new ActionError(`Could not read the event from GITHUB_EVENT_PATH '${path}': it is no JSON object.`, {
    advice: ADVICE,
  })
}

function read(path: string): string {
  try {
    // Reading a pipe or a device could wait for ever.
    if (!statSync(path).isFile()) throw Object.assign(new Error(), { code: 'it is no file' })
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = errorCode(error)
    const cause = code === 'ENOENT' ? 'there is no such file' : code || 'it cannot be read'
    throw new ActionError(`Could not read the event from GITHUB_EVENT_PATH '${path}': ${cause}.`, { advice: ADVICE })
  }
}

/** Undefined for what is no JSON; the parser's own text would quote the file. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

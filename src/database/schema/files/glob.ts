import { Worker } from 'node:worker_threads'
import { ActionError, errorMessage } from '../../../runtime/errors.ts'

// Under the seconds that the runner leaves to a cancelled step.
const LIMIT = 5_000

// Beside braces, a regular expression for each name may take exponential time, and Node has no glob that can be stopped.
const SOURCE = `
const { basename } = require('node:path')
const { parentPort, workerData } = require('node:worker_threads')
const exclude = (name) => basename(name) === 'node_modules'
parentPort.postMessage(require('node:fs').globSync(workerData.pattern, { cwd: workerData.folder, exclude }))
`

/**
 * The names below a folder that a glob matches (https://nodejs.org/api/fs.html#fspromisesglobpattern-options), without
 * `node_modules`. It is looked for in a thread of its own, which may take 5 seconds and 256 MB: the pattern and the names can
 * be made to need hours. Throws an {@link ActionError} when that was not enough, or for a glob that Node refuses.
 */
export async function namesOfGlob(folder: string, pattern: string): Promise<string[]> {
  const worker = new Worker(SOURCE, {
    eval: true,
    workerData: { folder, pattern },
    resourceLimits: { maxOldGenerationSizeMb: 256 },
  })
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`it was not done within ${LIMIT / 1000} seconds`)), LIMIT)
  try {
    return await Promise.race([answerOf(worker), late.promise])
  } catch (error) {
    throw new ActionError(`Could not look for the schema "${pattern}": ${errorMessage(error)}.`, {
      advice: 'Write a glob with fewer braces and wildcards, or name the folders, each on its own line.',
    })
  } finally {
    clearTimeout(timer)
    await worker.terminate()
  }
}

function answerOf(worker: Worker): Promise<string[]> {
  return new Promise((resolve, reject) => {
    worker.on('message', resolve)
    worker.on('error', reject)
    worker.on('exit', () => reject(new Error('its thread ended')))
  })
}

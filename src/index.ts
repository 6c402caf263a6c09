// In front of everything else.
import { eventPath } from './event-guard.ts'
import { main } from './main.ts'

// What a cancelled run left open must not keep the step alive: the runner kills it after ten seconds.
const PATIENCE = 2000

process.exitCode = await main({ ...process.env, ...(eventPath === undefined ? {} : { GITHUB_EVENT_PATH: eventPath }) })
setTimeout(() => process.exit(), PATIENCE).unref()

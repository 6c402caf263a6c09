import { main } from './main.ts'

// What a cancelled run left open must not keep the step alive: the runner kills it after ten seconds.
const PATIENCE = 2000

process.exitCode = await main(process.env)
setTimeout(() => process.exit(), PATIENCE).unref()

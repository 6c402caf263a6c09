import { readPayload } from './event-file.ts'

/** Where the event's file is, for whoever reads it with {@link readPayload}. */
export const eventPath = process.env.GITHUB_EVENT_PATH

// @actions/github reads the file too, as soon as it is loaded, and ends the process with the parser's text when it is broken.
// So this module is loaded in front of it and keeps such a file from it.
try {
  readPayload(process.env)
} catch {
  delete process.env.GITHUB_EVENT_PATH
}

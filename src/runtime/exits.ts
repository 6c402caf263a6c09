import { appendFileSync } from 'node:fs'
import { format } from 'node:util'
import * as core from '@actions/core'
import type { Clean } from './door.ts'

/**
 * The exits of the process to the runner, and nothing else that writes: they take only a {@link Clean} text, so that the
 * compiler refuses what did not pass the door.
 */

/** One line, or several, of the log. */
export function print(text: Clean): void {
  core.info(text)
}

/** A line that is shown only with debug logging. */
export function printDebug(text: Clean): void {
  core.debug(text)
}

/** Whether the run shows lines of {@link printDebug}. */
export function isDebugging(): boolean {
  return core.isDebug()
}

export function openGroup(title: Clean): void {
  core.startGroup(title)
}

export function closeGroup(): void {
  core.endGroup()
}

/** Where an annotation stands, and its title. */
export interface CleanPlace {
  title?: Clean
  file?: Clean
  startLine?: number
  startColumn?: number
}

/** An annotation; @actions/core escapes it, so that it stays one command. */
export function annotate(kind: 'notice' | 'warning' | 'error', text: Clean, place: CleanPlace): void {
  const commands = { notice: core.notice, warning: core.warning, error: core.error }
  commands[kind](text, place)
}

/** An output of the step. */
export function setOutput(name: string, value: Clean): void {
  core.setOutput(name, value)
}

/** Text at the end of the job summary; nothing where the runner gives no file for it. */
export function appendSummary(text: Clean): void {
  const path = process.env.GITHUB_STEP_SUMMARY
  if (path) appendFileSync(path, `${text}\n`)
}

/** Has the runner mask a value from now on: the one line that carries a secret. */
export function mask(secret: string): void {
  core.setSecret(secret)
}

/**
 * Closes the exits that a package could take: what it writes to the console, and an error that nobody caught, go to `tell`
 * instead; the latter ends the process with exit code 1.
 */
export function closeOtherExits(tell: { line(text: string): void; fatal(thrown: unknown): void }): void {
  const write = (...parts: unknown[]) => tell.line(format(...parts))
  Object.assign(console, { debug: write, dir: write, error: write, info: write, log: write, trace: write, warn: write })
  process.on('uncaughtException', (thrown) => {
    tell.fatal(thrown)
    process.exit(1)
  })
}

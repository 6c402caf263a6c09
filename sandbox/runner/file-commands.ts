/**
 * Reads a file of `NAME=value` lines and `NAME<<DELIMITER … DELIMITER` blocks, as the runner reads GITHUB_OUTPUT,
 * GITHUB_STATE and GITHUB_ENV (FileCommandManager.cs, EnvFileKeyValuePairs).
 * @throws when a line is neither, or a delimiter never comes.
 */
export function parseKeyValues(text: string): Map<string, string> {
  const values = new Map<string, string>()
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    if (line === '') continue
    const equals = line.indexOf('=')
    const heredoc = line.indexOf('<<')
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      if (equals === 0) throw new Error(`Invalid format '${line}'. Name must not be empty`)
      values.set(line.slice(0, equals), line.slice(equals + 1))
      continue
    }
    if (heredoc < 0) throw new Error(`Invalid format '${line}'`)
    const name = line.slice(0, heredoc)
    const delimiter = line.slice(heredoc + 2)
    if (!name || !delimiter) {
      throw new Error(`Invalid format '${line}'. Name must not be empty and delimiter must not be empty`)
    }
    const end = lines.indexOf(delimiter, index + 1)
    if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`)
    values.set(name, lines.slice(index + 1, end).join('\n'))
    index = end
  }
  return values
}

/** The most a step may write to GITHUB_STEP_SUMMARY, in bytes. */
export const SUMMARY_LIMIT = 1024 * 1024

/** What the runner says when it throws a summary away. */
export function summaryTooLong(bytes: number): string {
  const kilobytes = (size: number) => `${Math.floor(size / 1024)}k`
  return (
    `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of ${kilobytes(SUMMARY_LIMIT)}, ` +
    `got ${kilobytes(bytes)}. For more information see: ` +
    'https://docs.github.com/actions/using-workflows/workflow-commands-for-github-actions#adding-a-markdown-summary'
  )
}

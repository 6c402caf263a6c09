/** Why a file of the corpus does not run as psql runs it: what our error says, and the reason. */
export interface Refusal {
  id: RegExp
  message: RegExp
  why: string
}

/** Every file whose outcome is not psql's. Whatever is not listed here has to end as in psql, with the same catalog. */
export const REFUSALS: Refusal[] = [
  {
    id: /^meta\/(include|include_relative|set|echo|on_error_stop|connect|c|if|gexec|gset|g|copy_meta|timing|pset|quit|semicolon_backslash|encoding|describe)\.sql$/,
    message: /^Could not read sql\/\w+\.sql, line [12]: \\\S+ is a command of psql, not SQL\.$/,
    why: 'commands of psql can read other files, run programs and connect elsewhere',
  },
  {
    id: /^meta\/copy_to_stdout\.sql$/,
    message: /COPY … TO stdout sends rows to a client, and here nobody reads them/,
    why: 'nobody would read the rows',
  },
  {
    id: /^django\/begin_without_commit\.sql$/,
    message: /the file ends within a transaction that it began; end it with COMMIT/,
    why: 'psql says nothing, and all of the file is lost',
  },
  {
    id: /^quoting\/unclosed_(string|comment|dollar|name)\.sql$/,
    message: /line 1: unterminated (quoted string|\/\* comment|dollar-quoted string|quoted identifier)\.$/,
    why: 'told at its place before anything is sent; psql sends what stands before it',
  },
]

/** Files that this psql and this server do not agree on, whatever we do: no measure for us. */
export const NO_MEASURE: { id: string; version: number; why: string }[] = [
  {
    id: 'data/copy_csv.sql',
    version: 18,
    why: 'psql before 18 sends the \\. of CSV rows, which a server of 18 takes as a row: release notes of PostgreSQL 18, "COPY"',
  },
]

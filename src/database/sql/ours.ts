import { literal } from './literal.ts'

/**
 * Makes names and operators mean those of the server itself until the transaction ends: a file, or a default of the role or the
 * database, can put a schema in front in which `=` is something else, and a temporary table comes first unless it is named last. Where a file's own setting must stay, our SQL names the
 * schema of each operator instead, as nothing in it may depend on the search path.
 */
export const OUR_SEARCH_PATH = 'set local search_path = pg_catalog, pg_temp'

/**
 * One statement of ours as a message that runs under {@link OUR_SEARCH_PATH}, in a transaction of its own: the session's
 * own search path is back afterwards. `$1`, `$2`… stand for texts.
 */
export function asOurs(statement: string, texts: readonly string[] = []): string {
  const filled = statement.replace(/\$(\d+)/g, (_, number: string) => literal(texts[Number(number) - 1] ?? ''))
  return `${OUR_SEARCH_PATH};\n${filled}`
}

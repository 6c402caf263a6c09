import type { Database } from '../connect.ts'
import { OWN_SCHEMA } from '../own-schema.ts'
import { askCatalogForOne } from './ask.ts'
import { VISIBLE } from './visible.ts'

/**
 * Whether a database has tables of the user and was never handed to this action: it has no ledger. Something else keeps its
 * schema then. Throws the driver's error.
 */
export async function hasTablesOfOthers(database: Database): Promise<boolean> {
  const query = `with ${VISIBLE}
    select exists (select from rel where relkind in ('r', 'p')) as tables,
      to_regclass('${OWN_SCHEMA}.migrations') is not null as ledger`
  const { tables, ledger } = await askCatalogForOne<{ tables: unknown; ledger: unknown }>(database, query)
  return isTrue(tables) && !isTrue(ledger)
}

function isTrue(value: unknown): boolean {
  return value === true || value === 't'
}

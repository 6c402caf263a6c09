/** The user's own migration tool. */
export { CommandFailed } from './command-error.ts'
export { type LedgerTable, listLedgerTables, MOST_ROWS } from './ledgers.ts'
export { type MigrateOptions, runMigrateCommand } from './run-migrate-command.ts'

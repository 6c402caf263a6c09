/** The user's own migration tool. */
export { type MigrateOptions, runMigrateCommand } from './run-migrate-command.ts'

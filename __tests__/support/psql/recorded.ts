import { readFileSync, writeFileSync } from 'node:fs'
import type { PostgresVersion } from '../../../sandbox/postgres/index.ts'

/** What psql did with each file: `SQLSTATE catalog`, in one transaction or, marked with `each`, statement by statement. */
export interface Recorded {
  psql: string
  outcomes: Record<string, string>
}

const at = (version: PostgresVersion) => new URL(`../../fixtures/psql/psql-on-${version}.json`, import.meta.url)

/** Reads what `npm run test:psql` wrote on a machine that has psql. */
export function readRecorded(version: PostgresVersion): Recorded {
  return JSON.parse(readFileSync(at(version), 'utf8')) as Recorded
}

/** Writes it anew. */
export function writeRecorded(version: PostgresVersion, recorded: Recorded): void {
  writeFileSync(at(version), `${JSON.stringify(recorded, null, 1)}\n`)
}

// Drizzle's own migrator; JavaScript, so that the type check of the repository needs no package of bench/.
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'

// One connection, as Drizzle's documentation asks for migrations.
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 1 })
await migrate(drizzle(pool), { migrationsFolder: 'migrations' })
await pool.end()

// postgres-migrations has no command that applies; JavaScript, so that the type check of the repository needs no package of bench/.
import pg from 'pg'
import { migrate } from 'postgres-migrations'

const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
await migrate({ client }, 'migrations')
await client.end()

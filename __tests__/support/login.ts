import postgres from 'postgres'

/**
 * Logs in with a connection URL, as Neon prints it, and runs one query. Throws the driver's error.
 * `channel_binding` goes: postgres.js would send it to the server as a setting.
 */
export async function login(url: string, query = 'select current_user as user'): Promise<Record<string, unknown>[]> {
  const cleaned = new URL(url)
  cleaned.searchParams.delete('channel_binding')
  const sql = postgres(cleaned.href, { max: 1, fetch_types: false, connect_timeout: 5, onnotice: () => undefined })
  try {
    return [...(await sql.unsafe(query))]
  } finally {
    await sql.end({ timeout: 1 })
  }
}

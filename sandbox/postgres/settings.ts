import type { PostgresVersion } from './binaries.ts'

/** What makes a small, fast, private server; nothing in it is worth an fsync. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  ssl: 'on',
  password_encryption: 'scram-sha-256',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '16MB',
  max_connections: '60',
  max_wal_size: '64MB',
  log_min_messages: 'log',
  log_checkpoints: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
}

/** Settings that only some versions know. */
function versionSettings(version: PostgresVersion): Record<string, string> {
  return {
    ...(version >= 16 ? { scram_iterations: '1024' } : {}),
    ...(version >= 18 ? { io_method: 'sync' } : {}),
  }
}

/** The text of postgresql.conf: our settings, and over them the caller's. */
export function configuration(version: PostgresVersion, settings: Record<string, string>): string {
  const all = { ...SETTINGS, ...versionSettings(version), ...settings }
  return Object.entries(all)
    .map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
    .join('')
}

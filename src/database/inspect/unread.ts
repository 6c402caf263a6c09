/** What the server says about things that were not looked at: how many there are. */
export interface Unread {
  mappings: number
  subscriptions: number
  sequences: number
}

/** A query for {@link Unread}, as one JSON value; with the common table expressions of the snapshot. */
export const UNREAD = `select json_build_object('mappings', (select count(*) from pg_user_mappings),
  'subscriptions', (select count(*) from pg_subscription s
    where s.subdbid = (select d.oid from pg_database d where d.datname = current_database())),
  'sequences', (select count(*) from rel where relkind = 'S') - (select count(*) from readable))`

/** What a comparison does not cover, as phrases for one sentence; empty for most databases. */
export function unreadText({ mappings, subscriptions, sequences }: Unread): string[] {
  return [
    ...(mappings > 0 ? ['the options of user mappings, which may hold passwords'] : []),
    ...(subscriptions > 0 ? ['the connections of subscriptions, which may hold passwords'] : []),
    ...(sequences > 0 ? [`where ${sequencesText(sequences)}, too many or not for this role to read`] : []),
  ]
}

const sequencesText = (count: number) => (count === 1 ? '1 sequence begins' : `${count} sequences begin`)

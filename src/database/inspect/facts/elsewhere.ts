import { ownedByNoExtension } from '../visible.ts'
import { factQuery, identity, optionsText } from './row.ts'

const WRAPPERS = factQuery({
  kind: 'foreign data wrapper',
  id: `format('%I', f.fdwname)`,
  definition: `concat_ws(' ', 'handler ' || nullif(f.fdwhandler, 0)::regproc::text, 'validator ' || nullif(f.fdwvalidator, 0)::regproc::text,
    'options (' || ${optionsText('f.fdwoptions')} || ')')`,
  identity: identity('foreign_data_wrapper', 'f.oid'),
  secret: 'md5(f.fdwoptions::text)',
  from: `pg_foreign_data_wrapper f
where f.fdwowner not in (select oid from internal) and ${ownedByNoExtension('pg_foreign_data_wrapper', 'f.oid')}`,
})

const SERVERS = factQuery({
  kind: 'server',
  id: `format('%I', s.srvname)`,
  definition: `concat_ws(' ', 'type ' || quote_literal(s.srvtype), 'version ' || quote_literal(s.srvversion),
    (select format('foreign data wrapper %I', f.fdwname) from pg_foreign_data_wrapper f where f.oid = s.srvfdw),
    'options (' || ${optionsText('s.srvoptions')} || ')')`,
  identity: identity('foreign_server', 's.oid'),
  secret: 'md5(s.srvoptions::text)',
  from: `pg_foreign_server s
where s.srvowner not in (select oid from internal) and ${ownedByNoExtension('pg_foreign_server', 's.oid')}`,
})

/** That there is one; its options (umoptions) are passwords, and never read. */
const USER_MAPPINGS = factQuery({
  kind: 'user mapping',
  id: `format('for %s server %I', case m.umuser when 0 then 'public' else quote_ident(m.usename) end, m.srvname)`,
  definition: `''`,
  identity: identity('user_mapping', 'm.umid'),
  from: 'pg_user_mappings m',
})

/** Publications; 15 brought schemas, columns and conditions, 18 generated columns (CREATE PUBLICATION in the manual). */
function publications(version: number): string {
  const columns =
    version < 15
      ? ''
      : `|| coalesce(' (' || (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
          where a.attrelid = m.prrelid and a.attnum = any (m.prattrs)) || ')', '') || coalesce(' where ' || pg_get_expr(m.prqual, m.prrelid), '')`
  const schemas =
    version < 15
      ? 'null'
      : `'for tables in schema ' || (select string_agg(quote_ident(n.nspname), ', ' order by n.nspname) from pg_publication_namespace m
          join pg_namespace n on n.oid = m.pnnspid where m.pnpubid = p.oid)`
  const generated = version < 18 ? 'null' : `case p.pubgencols when 's' then 'publish_generated_columns = stored' end`
  return factQuery({
    kind: 'publication',
    id: `format('%I', p.pubname)`,
    definition: `concat_ws(' ', case when p.puballtables then 'for all tables' end,
      'for table ' || (select string_agg(m.prrelid::regclass::text ${columns}, ', ' order by m.prrelid::regclass::text collate "C")
        from pg_publication_rel m where m.prpubid = p.oid), ${schemas},
      'with (' || concat_ws(', ', 'publish = ' || quote_literal(concat_ws(', ', case when p.pubinsert then 'insert' end,
        case when p.pubupdate then 'update' end, case when p.pubdelete then 'delete' end, case when p.pubtruncate then 'truncate' end)),
        case when p.pubviaroot then 'publish_via_partition_root' end, ${generated}) || ')')`,
    identity: identity('publication', 'p.oid'),
    from: 'pg_publication p where p.pubowner not in (select oid from internal)',
  })
}

/** Subscriptions of this database without subconninfo, which holds a password and which only superusers may read. */
function subscriptions(version: number): string {
  const options = [
    ...['enabled', 'binary', 'stream'],
    ...(version >= 15 ? ['twophasestate', 'disableonerr'] : []),
    ...(version >= 16 ? ['passwordrequired', 'runasowner', 'origin'] : []),
    ...(version >= 17 ? ['failover'] : []),
  ]
  const list = [
    ...options.map((name) => `'${name} = ' || s.sub${name}::text`),
    `'slot_name = ' || coalesce(quote_ident(s.subslotname), 'none')`,
    `'synchronous_commit = ' || s.subsynccommit`,
  ]
  return factQuery({
    kind: 'subscription',
    id: `format('%I', s.subname)`,
    definition: `'publication ' || (select string_agg(quote_ident(p), ', ' order by p) from unnest(s.subpublications) p)
      || ' with (' || concat_ws(', ', ${list.join(', ')}) || ')'`,
    identity: identity('subscription', 's.oid'),
    from: `pg_subscription s where s.subdbid = (select d.oid from pg_database d where d.datname = current_database())
  and s.subowner not in (select oid from internal)`,
  })
}

/** Only how many there are: each is data, and has no name. */
const LARGE_OBJECTS = factQuery({
  kind: 'large objects',
  id: `'large objects'`,
  definition: 'l.count::text',
  identity: `'large objects'`,
  from: '(select count(*) from pg_largeobject_metadata) l where l.count > 0',
})

/** What leads out of the database, or into it: publications, subscriptions, servers; and large objects. */
export function elsewhere(version: number): string[] {
  return [WRAPPERS, SERVERS, USER_MAPPINGS, publications(version), subscriptions(version), LARGE_OBJECTS]
}

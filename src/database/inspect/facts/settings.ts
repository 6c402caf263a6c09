import { factQuery, identity, mayTell } from './row.ts'

const setting = (query: Omit<Parameters<typeof factQuery>[0], 'kind' | 'identity'> & { identity: string }) =>
  factQuery({ kind: 'setting', ...query, identity: `'setting ' || ${query.identity}` })

const wordOf = (relkind: string) =>
  `case ${relkind} when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' when 'i' then 'index'
    when 'I' then 'index' else 'table' end`

/** Of columns what no definition has: statistics targets and options, and a view's defaults (ALTER TABLE, ALTER VIEW). */
const COLUMNS = setting({
  id: `format('column %s.%I', o.name, a.attname)`,
  table: 'o.tab',
  definition: 'x.def',
  identity: identity('class', 'o.oid', 'a.attnum'),
  from: `(select r.oid, r.name, r.name as tab, r.relkind from rel r
  union all select ic.oid, format('%I.%I', n.nspname, ic.relname), r.name, ic.relkind from pg_index i join rel r on r.oid = i.indrelid
    join pg_class ic on ic.oid = i.indexrelid join pg_namespace n on n.oid = ic.relnamespace) o
join pg_attribute a on a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
left join pg_attrdef ad on o.relkind = 'v' and ad.adrelid = a.attrelid and ad.adnum = a.attnum
cross join lateral (select nullif(concat_ws(', ', 'statistics ' || nullif(a.attstattarget, -1), array_to_string(a.attoptions, ', '),
  case when o.relkind = 'm' and a.attstorage <> t.typstorage then 'storage ' || a.attstorage::text end,
  case when o.relkind = 'm' then 'compression ' || nullif(a.attcompression, '')::text end,
  'default ' || pg_get_expr(ad.adbin, ad.adrelid)), '') as def) x
where x.def is not null`,
})

/** Of tables, views and their indexes: place and method of storage, options of the TOAST table, what was never filled. */
const RELATIONS = setting({
  id: `${wordOf('o.relkind')} || ' ' || o.name`,
  table: 'o.tab',
  definition: 'x.def',
  identity: identity('class', 'o.oid'),
  from: `(select r.oid, r.name, r.name as tab, r.relkind from rel r
  union all select ic.oid, format('%I.%I', n.nspname, ic.relname), r.name, ic.relkind from pg_index i join rel r on r.oid = i.indrelid
    join pg_class ic on ic.oid = i.indexrelid join pg_namespace n on n.oid = ic.relnamespace) o
join pg_class c on c.oid = o.oid
left join pg_class toast on toast.oid = c.reltoastrelid
left join pg_tablespace ts on ts.oid = c.reltablespace
left join pg_am am on c.relkind = 'm' and am.oid = c.relam and am.amname <> 'heap'
cross join lateral (select nullif(concat_ws(', ', 'tablespace ' || quote_ident(ts.spcname), 'using ' || quote_ident(am.amname),
  case when toast.reloptions is not null then 'toast (' || array_to_string(toast.reloptions, ', ') || ')' end,
  case when c.relkind = 'm' and not c.relispopulated then 'not populated' end), '') as def) x
where x.def is not null`,
})

/**
 * Of constraints: their index's options and part in CLUSTER, and triggers that do not fire as they should
 * (pg_trigger.tgenabled): those of foreign keys on either side, and of deferred keys.
 */
const CONSTRAINTS = setting({
  id: `format('constraint %s.%I', r.name, k.conname)`,
  table: 'r.name',
  definition: 'x.def',
  identity: identity('constraint', 'k.oid'),
  from: `pg_constraint k join rel r on r.oid = k.conrelid
left join pg_index i on i.indexrelid = k.conindid and i.indrelid = k.conrelid and k.contype in ('p', 'u', 'x')
left join pg_class ic on ic.oid = i.indexrelid
left join (select t.tgconstraint, string_agg(distinct case t.tgenabled when 'D' then 'disabled' when 'R' then 'enabled for replicas only'
    else 'enabled always' end || ' on ' || t.tgrelid::regclass::text, ', ') as states
  from pg_trigger t where t.tgisinternal and t.tgconstraint <> 0 and t.tgenabled <> 'O' group by 1) off on off.tgconstraint = k.oid
cross join lateral (select nullif(concat_ws(', ', 'triggers ' || off.states, 'with (' || array_to_string(ic.reloptions, ', ') || ')',
  case when i.indisclustered then 'cluster' end), '') as def) x
where x.def is not null`,
})

const STATES = `case t.tgenabled when 'O' then 'enabled' when 'D' then 'disabled' when 'R' then 'enabled for replicas only' else 'enabled always' end`

/** Triggers of partitions that fire otherwise than the partitioned table's. */
const PARTITION_TRIGGERS = setting({
  id: `format('trigger %s.%I', r.name, t.tgname)`,
  table: 'r.name',
  definition: STATES,
  identity: identity('trigger', 't.oid'),
  from: `pg_trigger t join rel r on r.oid = t.tgrelid join pg_trigger p on p.oid = t.tgparentid
where (not t.tgisinternal or t.tgconstraint = 0) and t.tgenabled <> p.tgenabled`,
})

const STATISTICS = setting({
  id: `format('statistics %I.%I', n.nspname, s.stxname)`,
  table: 'r.name',
  definition: `'statistics ' || s.stxstattarget`,
  identity: identity('statistic_ext', 's.oid'),
  from: `pg_statistic_ext s join rel r on r.oid = s.stxrelid join pg_namespace n on n.oid = s.stxnamespace where s.stxstattarget <> -1`,
})

/** Settings of the database and of roles. What a name of the user's own making holds may be a key, and is not shown. */
const SESSIONS = setting({
  id: `case when s.setrole = 0 then case s.setdatabase when 0 then 'all roles' else 'database' end
    else format('role %I', pg_get_userbyid(s.setrole)) || case s.setdatabase when 0 then '' else ' in database' end end || ' ' || x.name`,
  definition: `case when ${mayTell('x.name')} then x.value else '…' end`,
  identity: `concat_ws(' ', 'session', sign(s.setdatabase::int8), s.setrole, x.name)`,
  secret: `case when not ${mayTell('x.name')} then md5(x.value) end`,
  from: `pg_db_role_setting s cross join lateral (
  select split_part(one, '=', 1) as name, substr(one, strpos(one, '=') + 1) as value from unnest(s.setconfig) one) x
where s.setdatabase in (0, (select d.oid from pg_database d where d.datname = current_database()))
  and s.setrole not in (select oid from internal) and s.setrole not in (select oid from grantees)`,
})

const DATABASE = setting({
  id: `'database'`,
  definition: `concat_ws(', ', 'connection limit ' || nullif(d.datconnlimit, -1), case when d.datistemplate then 'is template' end)`,
  identity: `'database'`,
  from: `pg_database d where d.datname = current_database() and (d.datconnlimit <> -1 or d.datistemplate)`,
})

// Each sequence that is read is locked until the end of the query, and the server has room for some thousand locks.
const MOST_SEQUENCES = 1000

/** Sequences whose value is read: few enough, and this role may. A common table expression. */
export function readableSequences(isAsked: boolean): string {
  return `
readable as materialized (
  select r.oid, r.name from rel r
  where case when r.relkind = 'S' then has_sequence_privilege(r.oid, 'select') and has_schema_privilege(r.nspoid, 'usage') end
    and ${isAsked} and (select count(*) from rel where relkind = 'S') <= ${MOST_SEQUENCES})`
}

/**
 * Where a sequence that nobody has used yet begins, if not at its start: RESTART. The value of a used one is data.
 * PostgreSQL 18 has a function that tells it; before, query_to_xml() runs a query for each, which a server that was built
 * without libxml refuses (0A000; read in xml.c, not seen).
 */
function restarts(version: number): string {
  const value =
    version >= 18
      ? 'select d.last_value as value from pg_get_sequence_data(q.oid) d where not d.is_called'
      : `select substring(query_to_xml('select last_value from ' || q.name || ' where not is_called', false, true, '')::text
  from '<last_value>(-?[0-9]+)</last_value>')::int8 as value`
  return setting({
    id: `'sequence ' || q.name`,
    table: 'o.name',
    definition: `'restart with ' || v.value`,
    identity: identity('class', 'q.oid'),
    from: `readable q join seq on seq.seqrelid = q.oid join pg_sequence s on s.seqrelid = q.oid
left join rel o on o.oid = seq.refobjid
cross join lateral (${value}) v
where v.value <> s.seqstart`,
  })
}

/** Everything that is set on an object beside its definition. */
export function settings(version: number, asksSequences: boolean): string[] {
  const sequences = asksSequences ? [restarts(version)] : []
  return [COLUMNS, RELATIONS, CONSTRAINTS, PARTITION_TRIGGERS, STATISTICS, SESSIONS, DATABASE, ...sequences]
}

import { ownedByNoExtension } from '../visible.ts'
import { identity, NO_EXTRAS } from './row.ts'

/** The statement that sets a trigger or rule to a state other than the default (pg_trigger.tgenabled in the manual). */
const enabled = (column: string, alter: string, what: string) => `
  case ${column} when 'O' then '' else ';' || E'\\n' || ${alter} || case ${column} when 'D' then ' DISABLE '
    when 'R' then ' ENABLE REPLICA ' else ' ENABLE ALWAYS ' end || ${what} end`

/** Indexes other than those a constraint stands for; those of partitions that belong to a partitioned index are its. */
const INDEXES = `
select 'index', format('%I.%I', r.nspname, ic.relname), r.name, 
  case when not i.indisvalid and ic.relkind = 'i' then E'-- invalid\\n' else '' end || pg_get_indexdef(i.indexrelid)
  || case when i.indisclustered then E';\\nALTER TABLE ' || r.name || format(' CLUSTER ON %I', ic.relname) else '' end, ${identity('class', 'ic.oid')}, ${NO_EXTRAS}
from pg_index i join rel r on r.oid = i.indrelid join pg_class ic on ic.oid = i.indexrelid
where not ic.relispartition and not exists (
  select from pg_constraint k where k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x'))`

const STATISTICS = `
select 'statistics', format('%I.%I', n.nspname, s.stxname), r.name, pg_get_statisticsobjdef(s.oid), ${identity('statistic_ext', 's.oid')}, ${NO_EXTRAS}
from pg_statistic_ext s join rel r on r.oid = s.stxrelid join pg_namespace n on n.oid = s.stxnamespace`

const VIEWS = `
select case r.relkind when 'v' then 'view' else 'materialized view' end, r.name, r.name,
  coalesce('with (' || array_to_string(r.reloptions, ', ') || E')\\n', '') || 'as' || E'\\n' || rtrim(pg_get_viewdef(r.oid), ';'), ${identity('class', 'r.oid')}, ${NO_EXTRAS}
from rel r where r.relkind in ('v', 'm')`

const RULES = `
select 'rule', format('%s.%I', r.name, w.rulename), r.name, rtrim(pg_get_ruledef(w.oid), ';') || ${enabled('w.ev_enabled', "'ALTER TABLE ' || r.name", "format('RULE %I', w.rulename)")}, ${identity('rewrite', 'w.oid')}, ${NO_EXTRAS}
from pg_rewrite w join rel r on r.oid = w.ev_class where w.rulename <> '_RETURN'`

/** Triggers that someone made; not those of foreign keys, nor the copies that a partitioned table gives its partitions. */
const TRIGGERS = `
select 'trigger', format('%s.%I', r.name, t.tgname), r.name, pg_get_triggerdef(t.oid) || ${enabled('t.tgenabled', "'ALTER TABLE ' || r.name", "format('TRIGGER %I', t.tgname)")}, ${identity('trigger', 't.oid')}, ${NO_EXTRAS}
from pg_trigger t join rel r on r.oid = t.tgrelid where not t.tgisinternal and t.tgparentid = 0`

const EVENT_TRIGGERS = `
select 'event trigger', format('%I', e.evtname), null, 'on ' || e.evtevent
  || coalesce(' when tag in (' || (select string_agg(quote_literal(tag), ', ' order by tag) from unnest(e.evttags) as tag) || ')', '')
  || ' execute function ' || e.evtfoid::regprocedure::text || ${enabled('e.evtenabled', "format('ALTER EVENT TRIGGER %I', e.evtname)", "''")}, ${identity('event_trigger', 'e.oid')}, ${NO_EXTRAS}
from pg_event_trigger e
where e.evtowner not in (select oid from internal) and ${ownedByNoExtension('pg_event_trigger', 'e.oid')}`

const POLICIES = `
select 'policy', format('%s.%I', r.name, p.polname), r.name, concat_ws(' ',
    case when p.polpermissive then 'as permissive' else 'as restrictive' end,
    'for ' || case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
    'to ' || (select string_agg(case who when 0 then 'public' else format('%I', pg_get_userbyid(who)) end, ', ' order by pg_get_userbyid(who))
      from unnest(p.polroles) as who),
    'using (' || pg_get_expr(p.polqual, p.polrelid) || ')',
    'with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'), ${identity('policy', 'p.oid')}, ${NO_EXTRAS}
from pg_policy p join rel r on r.oid = p.polrelid`

/** Sequences, also those of serial columns; an identity column's is part of the column. */
const SEQUENCES = `
select 'sequence', r.name, o.name, concat_ws(' ', case r.relpersistence when 'u' then 'unlogged' end,
    'as ' || format_type(seq.seqtypid, null), seq.seqoptions,
    'owned by ' || o.name || '.' || quote_ident(oa.attname)), ${identity('class', 'r.oid')}, ${NO_EXTRAS}
from rel r join seq on seq.seqrelid = r.oid
left join rel o on o.oid = seq.refobjid
left join pg_attribute oa on oa.attrelid = seq.refobjid and oa.attnum = seq.refobjsubid
where r.relkind = 'S' and seq.deptype is distinct from 'i'`

/** What hangs on tables and views: same columns as {@link TABLES}. */
export const ATTACHED = [INDEXES, STATISTICS, VIEWS, RULES, TRIGGERS, EVENT_TRIGGERS, POLICIES, SEQUENCES]

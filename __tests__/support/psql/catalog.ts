import { createHash } from 'node:crypto'

// Written against the manual's chapter "System Catalogs", and not by what src/database/inspect knows: one must not hide what
// the other overlooks. Rows of tables and places of sequences are part of it, what neon_setup holds is not.
const LINES = `
create function pg_temp.rows_of(r oid) returns text language plpgsql as $$
declare found text;
begin
  execute format('select string_agg(t::text, chr(10) order by t::text) from only %s t', r::regclass) into found;
  return found;
exception when others then return sqlstate;
end $$;
with mine as (
  select n.oid, n.nspname, n.nspacl from pg_namespace n
  where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'neon_setup')
),
rel as (select c.*, m.nspname from pg_class c join mine m on m.oid = c.relnamespace),
line as (
  select format('schema %s %s', nspname, nspacl) as l from mine
  union all
  select format('relation %s.%s %s %s %s %s %s %s %s %s', nspname, relname, relkind, relpersistence, reloptions, relrowsecurity,
    relforcerowsecurity, relreplident, relacl, pg_get_expr(relpartbound, oid)) from rel
  union all
  select format('column %s.%s.%s %s %s %s %s %s %s %s %s', r.nspname, r.relname, a.attname, format_type(a.atttypid, a.atttypmod),
    a.attnotnull, a.attidentity, a.attgenerated, a.attstorage, a.attacl, a.attnum, pg_get_expr(d.adbin, d.adrelid))
  from rel r join pg_attribute a on a.attrelid = r.oid left join pg_attrdef d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
  where a.attnum > 0 and not a.attisdropped
  union all
  select format('constraint %s %s %s %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid), c.convalidated)
  from pg_constraint c join mine m on m.oid = c.connamespace
  union all
  select format('index %s %s', pg_get_indexdef(i.indexrelid), i.indisvalid) from pg_index i join rel r on r.oid = i.indexrelid
  union all
  select format('view %s.%s %s %s', nspname, relname, pg_get_viewdef(oid), relispopulated) from rel where relkind in ('v', 'm')
  union all
  select format('function %s %s %s', p.oid::regprocedure, p.proacl, case when p.prokind <> 'a' then pg_get_functiondef(p.oid) end)
  from pg_proc p join mine m on m.oid = p.pronamespace
  union all
  select format('trigger %s %s', pg_get_triggerdef(t.oid), t.tgenabled) from pg_trigger t join rel r on r.oid = t.tgrelid
  where not t.tgisinternal
  union all
  select format('rule %s', pg_get_ruledef(w.oid)) from pg_rewrite w join rel r on r.oid = w.ev_class where w.rulename <> '_RETURN'
  union all
  select format('type %s %s %s %s', t.oid::regtype, t.typtype, t.typdefault,
    (select string_agg(e.enumlabel, ',' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid))
  from pg_type t join mine m on m.oid = t.typnamespace
  union all
  select format('policy %s %s %s %s %s %s', polrelid::regclass, polname, polcmd, polpermissive, pg_get_expr(polqual, polrelid),
    pg_get_expr(polwithcheck, polrelid)) from pg_policy
  union all
  select format('sequence %s.%s %s %s', schemaname, sequencename, increment_by, last_value) from pg_sequences
  where schemaname <> 'neon_setup'
  union all
  select format('comment %s %s %s', d.classoid::regclass, d.objsubid, d.description) from pg_description d
  where (d.objoid >= 16384 or d.objoid = 2200) and d.description !~ 'kept by the neon-postgres-setup action'
  union all
  select format('operator %s', o.oid::regoperator) from pg_operator o join mine m on m.oid = o.oprnamespace
  union all
  select format('cast %s %s', c.castsource::regtype, c.casttarget::regtype) from pg_cast c where c.oid >= 16384
  union all
  select format('extension %s', extname) from pg_extension
  union all
  select format('statistics %s', pg_get_statisticsobjdef(s.oid)) from pg_statistic_ext s
  union all
  select format('publication %s', pubname) from pg_publication
  union all
  select format('event trigger %s', evtname) from pg_event_trigger
  union all
  select format('default rights %s %s', defaclobjtype, defaclacl) from pg_default_acl
  union all
  select format('large object %s', oid) from pg_largeobject_metadata
  union all
  select format('rows %s.%s %s', nspname, relname, pg_temp.rows_of(oid)) from rel where relkind = 'r'
)
select l from line order by l collate "C"`

/** The query whose column `l` tells all that a database holds, line by line, PostgreSQL 14 to 18. */
export const CATALOG = LINES

/** Eight characters that stand for a catalog. */
export function digest(lines: string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 8)
}

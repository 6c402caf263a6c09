import { ownedByNoExtension } from '../visible.ts'
import { identity, NO_EXTRAS } from './row.ts'

/**
 * Objects whose rights someone touched (a null ACL is the default), as common table expressions. `label` and `id` name the
 * object as GRANT does, `standard` is what a new object of this owner would have.
 * The schema public is measured against what initdb gave it, which differs between PostgreSQL 14 and 15.
 */
const OBJECTS = `
guarded as materialized (
  select case r.relkind when 'S' then 'sequence' else 'table' end as label, r.name as id, r.name as tab, ${identity('class', 'r.oid')} as ident,
    r.relowner as owner, r.relacl as acl, acldefault(case r.relkind when 'S' then 's' else 'r' end::"char", r.relowner) as standard,
    acldefault(case r.relkind when 'S' then 's' else 'r' end::"char", r.relowner) as everything
  from rel r where r.relacl is not null
  union all
  select 'column', format('%s.%I', r.name, a.attname), r.name, ${identity('class', 'r.oid', 'a.attnum')}, r.relowner, a.attacl, null::aclitem[],
    (select array_agg(makeaclitem(r.relowner, r.relowner, p, false)) from unnest('{SELECT,INSERT,UPDATE,REFERENCES}'::text[]) p)
  from rel r join pg_attribute a on a.attrelid = r.oid and not a.attisdropped where a.attacl is not null
  union all
  select case p.prokind when 'p' then 'procedure' else 'function' end, p.oid::regprocedure::text, null, ${identity('proc', 'p.oid')}, p.proowner, p.proacl,
    acldefault('f', p.proowner), acldefault('f', p.proowner)
  from pg_proc p join ns n on n.oid = p.pronamespace
  where p.proacl is not null and p.proowner not in (select oid from internal) and ${ownedByNoExtension('pg_proc', 'p.oid')}
  union all
  select 'type', format('%I.%I', n.nspname, t.typname), null, ${identity('type', 't.oid')}, t.typowner, t.typacl,
    acldefault('T', t.typowner), acldefault('T', t.typowner)
  from pg_type t join ns n on n.oid = t.typnamespace
  where t.typacl is not null and t.typowner not in (select oid from internal) and ${ownedByNoExtension('pg_type', 't.oid')}
  union all
  select 'schema', format('%I', n.nspname), null, ${identity('namespace', 'n.oid')}, n.nspowner, n.nspacl,
    coalesce(i.initprivs, acldefault('n', n.nspowner)), acldefault('n', n.nspowner)
  from ns n left join pg_init_privs i on i.classoid = 'pg_namespace'::regclass and i.objoid = n.oid and i.objsubid = 0
  where n.nspacl is not null
  union all
  select 'language', format('%I', l.lanname), null, ${identity('language', 'l.oid')}, l.lanowner, l.lanacl,
    coalesce(i.initprivs, acldefault('l', l.lanowner)), acldefault('l', l.lanowner)
  from pg_language l left join pg_init_privs i on i.classoid = 'pg_language'::regclass and i.objoid = l.oid and i.objsubid = 0
  where l.lanacl is not null
  union all
  select 'foreign data wrapper', format('%I', f.fdwname), null, ${identity('foreign_data_wrapper', 'f.oid')}, f.fdwowner, f.fdwacl,
    acldefault('F', f.fdwowner), acldefault('F', f.fdwowner)
  from pg_foreign_data_wrapper f where f.fdwacl is not null
  union all
  select 'foreign server', format('%I', s.srvname), null, ${identity('foreign_server', 's.oid')}, s.srvowner, s.srvacl,
    acldefault('S', s.srvowner), acldefault('S', s.srvowner)
  from pg_foreign_server s where s.srvacl is not null
  union all
  select 'database', format('%I', d.datname), null, ${identity('database', "'here'")}, d.datdba, d.datacl, acldefault('d', d.datdba), acldefault('d', d.datdba)
  from pg_database d where d.datname = current_database() and d.datacl is not null
  union all
  select 'default', concat(case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
      when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end,
      format(' of %I', pg_get_userbyid(d.defaclrole)), ' in schema ' || (select format('%I', nspname) from ns where oid = d.defaclnamespace)),
    null, ${identity('default_acl', 'd.oid')}, d.defaclrole, d.defaclacl, case d.defaclnamespace when 0 then acldefault(kind.of, d.defaclrole) end,
    acldefault(kind.of, d.defaclrole)
  from pg_default_acl d, lateral (select case d.defaclobjtype when 'S' then 's' else d.defaclobjtype end::"char" as of) kind
  where d.defaclrole not in (select oid from internal) and (d.defaclnamespace = 0 or d.defaclnamespace in (select oid from ns))),
held as (
  select g.label, g.id, g.tab, g.ident, g.owner, x.grantee,
    string_agg(distinct x.privilege_type, ', ') filter (where x.side = 'now') as privileges,
    string_agg(distinct x.privilege_type, ', ') filter (where x.side = 'now' and x.is_grantable) as grantable,
    string_agg(distinct x.privilege_type, ', ') filter (where x.side = 'standard') as standard,
    full_set.everything
  from guarded g cross join lateral (
    select string_agg(distinct e.privilege_type, ', ') as everything from aclexplode(g.everything) e where e.grantee = g.owner) full_set
  cross join lateral (
    select 'now' as side, a.grantee, a.privilege_type, a.is_grantable from aclexplode(g.acl) a
    union all select 'standard', a.grantee, a.privilege_type, a.is_grantable from aclexplode(g.standard) a) x
  where x.grantee not in (select oid from grantees)
    and not (g.label = 'schema' and g.id = 'public' and (x.grantee in (g.owner, 10) or x.grantee = 'pg_database_owner'::regrole))
  group by 1, 2, 3, 4, 5, 6, full_set.everything)`

/** Common table expressions for {@link PRIVILEGES}. */
export const PRIVILEGE_SOURCES = OBJECTS

/** Catalogs whose objects' owners no other list has, with their columns for owner and schema (or none). */
const OTHER_OWNED: [catalog: string, owner: string, schema: string][] = [
  ['operator', 'oprowner', 'oprnamespace'],
  ['opclass', 'opcowner', 'opcnamespace'],
  ['opfamily', 'opfowner', 'opfnamespace'],
  ['collation', 'collowner', 'collnamespace'],
  ['conversion', 'conowner', 'connamespace'],
  ['ts_config', 'cfgowner', 'cfgnamespace'],
  ['ts_dict', 'dictowner', 'dictnamespace'],
  ['statistic_ext', 'stxowner', 'stxnamespace'],
  ['language', 'lanowner', '0'],
  ['foreign_data_wrapper', 'fdwowner', '0'],
  ['foreign_server', 'srvowner', '0'],
  ['event_trigger', 'evtowner', '0'],
  ['publication', 'pubowner', '0'],
]

const OTHER_OWNERS = `
select 'privilege', 'owner of ' || i.type || ' ' || i.identity, null, format('%I', pg_get_userbyid(o.owner)),
  'owner ' || o.class || ' ' || o.oid, ${NO_EXTRAS}
from (${OTHER_OWNED.map(
  ([catalog, owner, schema]) =>
    `select 'pg_${catalog}'::regclass as class, oid, ${owner} as owner, ${schema} as schema from pg_${catalog} where oid >= 16384`,
).join('\n  union all ')}) o
cross join lateral pg_identify_object(o.class, o.oid, 0) i
where o.owner <> (select datdba from pg_database where datname = current_database())
  and o.owner not in (select oid from internal) and (o.schema = 0 or o.schema in (select oid from ns))
  and not exists (select from pg_depend own where own.classid = o.class and own.objid = o.oid and own.deptype = 'e')`

/**
 * Rights that differ from what a new object has, one fact for each object and grantee; ALL stays `all`, since PostgreSQL
 * 17 added a right to it. And owners other than the database's.
 */
export const PRIVILEGES = [
  `
select 'privilege', format('%s %s to %s', h.label, h.id, who.name), h.tab,
  case when h.privileges is null then 'nothing' when h.privileges = h.everything then 'all' else lower(h.privileges) end
  || case when h.grantable is null or h.grantee = h.owner then '' when h.grantable = h.privileges then ' with grant option'
    else ' (grant option for ' || lower(h.grantable) || ')' end, 'acl ' || h.grantee || ' ' || h.ident, ${NO_EXTRAS}
from held h cross join lateral (
  select case h.grantee when 0 then 'public' else format('%I', pg_get_userbyid(h.grantee)) end as name) who
where h.privileges is distinct from h.standard or (h.grantable is not null and h.grantee <> h.owner)`,
  `
select 'privilege', 'owner of ' || o.label || ' ' || o.id, o.tab, format('%I', pg_get_userbyid(o.owner)), 'owner ' || o.ident, ${NO_EXTRAS}
from (
  select case r.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end as label, r.name as id,
    r.name as tab, r.relowner as owner, ${identity('class', 'r.oid')} as ident from rel r where r.relkind <> 'S'
  union all
  select 'sequence', r.name, null, r.relowner, ${identity('class', 'r.oid')} from rel r join seq on seq.seqrelid = r.oid
  where r.relkind = 'S' and seq.deptype is null
  union all
  select 'function', p.oid::regprocedure::text, null, p.proowner, ${identity('proc', 'p.oid')} from pg_proc p join ns n on n.oid = p.pronamespace
  where p.proowner not in (select oid from internal) and ${ownedByNoExtension('pg_proc', 'p.oid')}
  union all
  select 'type', format('%I.%I', n.nspname, t.typname), null, t.typowner, ${identity('type', 't.oid')}
  from pg_type t join ns n on n.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid
  where (t.typtype in ('d', 'e', 'r') or (t.typtype = 'c' and c.relkind = 'c')
      or (t.typtype = 'b' and not exists (select from pg_type el where el.typarray = t.oid)))
    and t.typowner not in (select oid from internal) and ${ownedByNoExtension('pg_type', 't.oid')}
  union all
  select 'schema', format('%I', n.nspname), null, n.nspowner, ${identity('namespace', 'n.oid')} from ns n
  where not (n.nspname = 'public' and (n.nspowner in (10, 'pg_database_owner'::regrole) or n.nspowner in (select oid from internal)))
) o
where o.owner <> (select datdba from pg_database where datname = current_database())`,
  OTHER_OWNERS,
]

/**
 * Comments on the user's objects and their security labels; the oid bound leaves out the thousands of comments that initdb
 * wrote, and what it writes on the schema public and on plpgsql is no one's doing.
 */
export const COMMENTS_AND_LABELS = `
select 'comment', i.type || ' ' || i.identity, (select r.name from rel r where d.classoid = 'pg_class'::regclass and r.oid = d.objoid),
  d.description, 'comment ' || d.classoid::int8 || ' ' || d.objoid || ' ' || d.objsubid, ${NO_EXTRAS}
from pg_description d cross join lateral pg_identify_object(d.classoid, d.objoid, d.objsubid) i
where (d.objoid >= 16384 or (d.classoid = 'pg_namespace'::regclass and d.objoid in (select oid from ns) and d.description <> 'standard public schema')
    or (d.classoid = 'pg_extension'::regclass and d.description <> 'PL/pgSQL procedural language'))
  and not exists (select from pg_depend own where own.classid = d.classoid and own.objid = d.objoid and own.deptype = 'e')
  and case when i.schema is not null then i.schema in (select format('%I', nspname) from ns)
    when d.classoid = 'pg_namespace'::regclass then d.objoid in (select oid from ns)
    when d.classoid = 'pg_extension'::regclass then i.identity <> 'neon' else true end
union all
select 'comment', 'database', null, d.description, 'comment database', ${NO_EXTRAS}
from pg_shdescription d where d.classoid = 'pg_database'::regclass and d.description <> 'default administrative connection database'
  and d.objoid = (select b.oid from pg_database b where b.datname = current_database())
union all
select 'security label', l.objtype || ' ' || l.objname || ' by ' || l.provider, (select r.name from rel r
    where l.classoid = 'pg_class'::regclass and r.oid = l.objoid), l.label,
  concat_ws(' ', 'label', l.classoid::int8, l.objoid, l.objsubid, l.provider), ${NO_EXTRAS}
from pg_seclabels l where (l.objnamespace is null or l.objnamespace in (select oid from ns))
  and (l.classoid <> 'pg_database'::regclass or l.objoid = (select b.oid from pg_database b where b.datname = current_database()))`

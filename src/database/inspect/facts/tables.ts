import { identity } from './row.ts'

/**
 * Queries over `rel` (see visible.ts) for tables and what belongs to one. Each returns the columns
 * kind, id, tab, def, ident, secret, refs, colname, colpos, coltype, colkey; what does not apply is null.
 * A table's definition has its kind on the first line and one clause on each further line.
 */
export const TABLES = `
select 'table' as kind, r.name as id, r.name as tab, concat_ws(E'\\n',
    case r.relpersistence when 'u' then 'unlogged ' else '' end || case r.relkind when 'f' then 'foreign ' else '' end || 'table',
    'of ' || nullif(r.reloftype, 0)::regtype::text,
    case when r.relispartition then 'partition of ' || p.parents || ' ' || pg_get_expr(r.relpartbound, r.oid)
      else 'inherits (' || p.parents || ')' end,
    case r.relkind when 'p' then 'partition by ' || pg_get_partkeydef(r.oid) end,
    case when am.amname <> 'heap' then format('using %I', am.amname) end,
    'with (' || array_to_string(r.reloptions, ', ') || ')',
    (select format('server %I', s.srvname) || coalesce(' options (' || array_to_string(ft.ftoptions, ', ') || ')', '')
      from pg_foreign_table ft join pg_foreign_server s on s.oid = ft.ftserver where ft.ftrelid = r.oid),
    case r.relreplident when 'f' then 'replica identity full' when 'n' then 'replica identity nothing'
      when 'i' then 'replica identity using index ' || (select format('%I', ic.relname) from pg_index i
        join pg_class ic on ic.oid = i.indexrelid where i.indrelid = r.oid and i.indisreplident) end,
    case when r.relrowsecurity then 'row level security enabled' end,
    case when r.relforcerowsecurity then 'row level security forced' end) as def,
  ${identity('class', 'r.oid')} as ident, null::text as secret, null::text as refs, null::text as colname, null::int as colpos, null::text as coltype, null::text as colkey
from rel r left join pg_am am on am.oid = r.relam
left join lateral (select string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno) as parents
  from pg_inherits i where i.inhrelid = r.oid) p on true
where r.relkind in ('r', 'p', 'f')`

const TYPE_LIMITS = `(values (21::oid, -32768::int8, 32767::int8), (23, -2147483648, 2147483647),
  (20, -9223372036854775808, 9223372036854775807)) as lim(typ, low, high)`

/**
 * Sequences as a common table expression: `seqoptions` holds what differs from the defaults of the sequence's type
 * (CREATE SEQUENCE in the manual), `deptype` is `i` for an identity column's and `a` for one OWNED BY a column.
 */
export const SEQUENCE_OPTIONS = `
seq as materialized (
  select s.seqrelid, s.seqtypid, d.deptype, d.refobjid, d.refobjsubid, nullif(concat_ws(' ',
      case when s.seqincrement <> 1 then 'increment by ' || s.seqincrement end,
      case when s.seqmin <> case when s.seqincrement > 0 then 1 else lim.low end then 'minvalue ' || s.seqmin end,
      case when s.seqmax <> case when s.seqincrement > 0 then lim.high else -1 end then 'maxvalue ' || s.seqmax end,
      case when s.seqstart <> case when s.seqincrement > 0 then s.seqmin else s.seqmax end then 'start with ' || s.seqstart end,
      case when s.seqcache <> 1 then 'cache ' || s.seqcache end,
      case when s.seqcycle then 'cycle' end), '') as seqoptions
  from pg_sequence s join ${TYPE_LIMITS} on lim.typ = s.seqtypid
  left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.seqrelid
    and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i'))`

/** The part each column has in keys, as a common table expression; a unique key counts when it is of this column alone. */
export const COLUMN_KEYS = `
colkeys as materialized (
  select k.conrelid, u.attnum, min(case k.contype when 'p' then 1 when 'f' then 2 else 3 end) as rank
  from pg_constraint k cross join lateral unnest(k.conkey) as u(attnum)
  where k.contype in ('p', 'f') or (k.contype = 'u' and cardinality(k.conkey) = 1)
  group by 1, 2)`

// PostgreSQL 18 lets a NOT NULL wait for its validation; before, there is no such constraint (contype n).
const NULLS_MAY_BE_THERE = `exists (select from pg_constraint nn where nn.conrelid = a.attrelid and nn.contype = 'n'
      and nn.conkey[1] = a.attnum and not nn.convalidated)`

const COLUMN_OF_PARENT = `(a.attinhcount > 0 and not a.attislocal and exists (
  select from pg_inherits i
  join pg_attribute pa on pa.attrelid = i.inhparent and pa.attname = a.attname
  left join pg_attrdef pd on pd.adrelid = pa.attrelid and pd.adnum = pa.attnum
  where i.inhrelid = r.oid and pa.atttypid = a.atttypid and pa.atttypmod = a.atttypmod and pa.attnotnull = a.attnotnull
    and pa.attcollation = a.attcollation and pa.attstorage = a.attstorage and pa.attcompression = a.attcompression
    and pa.attgenerated = a.attgenerated
    and pg_get_expr(pd.adbin, pd.adrelid) is not distinct from pg_get_expr(ad.adbin, ad.adrelid)))`

/**
 * Columns of tables. A column that a partition or child merely inherits, unchanged, is the parent's fact alone.
 * The place among the columns is no part of the definition, so that a column dropped and added again is no change.
 */
export const COLUMNS = `
select 'column', format('%s.%I', r.name, a.attname), r.name, concat_ws(' ',
    format_type(a.atttypid, a.atttypmod),
    case when a.attcollation <> t.typcollation and a.attcollation <> 0 then 'collate ' || (select format('%I.%I', n.nspname, co.collname)
      from pg_collation co join pg_namespace n on n.oid = co.collnamespace where co.oid = a.attcollation) end,
    case when a.attstorage <> t.typstorage then 'storage ' || case a.attstorage when 'p' then 'plain' when 'e' then 'external'
      when 'x' then 'extended' else 'main' end end,
    case a.attcompression when 'p' then 'compression pglz' when 'l' then 'compression lz4' end,
    case a.attidentity when 'a' then 'generated always as identity' when 'd' then 'generated by default as identity' end,
    '(' || seq.seqoptions || ')',
    case a.attgenerated when '' then 'default ' || pg_get_expr(ad.adbin, ad.adrelid)
      else 'generated always as (' || pg_get_expr(ad.adbin, ad.adrelid) || ') '
        || case a.attgenerated when 'v' then 'virtual' else 'stored' end end,
    case when a.attnotnull and not ${NULLS_MAY_BE_THERE} then 'not null' end,
    'options (' || array_to_string(a.attfdwoptions, ', ') || ')'),
  ${identity('class', 'r.oid', 'a.attnum')}, null, null, a.attname::text, (row_number() over (partition by a.attrelid order by a.attnum))::int,
  format_type(a.atttypid, a.atttypmod), case keys.rank when 1 then 'PK' when 2 then 'FK' when 3 then 'UK' else '' end
from rel r
join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
left join pg_attrdef ad on ad.adrelid = r.oid and ad.adnum = a.attnum
left join colkeys keys on keys.conrelid = r.oid and keys.attnum = a.attnum
left join seq on seq.deptype = 'i' and seq.refobjid = r.oid and seq.refobjsubid = a.attnum
where r.relkind in ('r', 'p', 'f') and not ${COLUMN_OF_PARENT}`

// What PostgreSQL 18 calls a NOT NULL constraint by itself, as long as name and table are short.
const PLAIN_NOT_NULL = `(k.contype = 'n' and k.convalidated and not k.connoinherit and k.conname = r.relname || '_' || (
  select a.attname from pg_attribute a where a.attrelid = k.conrelid and a.attnum = k.conkey[1]) || '_not_null')`

const CONSTRAINT_OF_PARENT = `(k.conparentid <> 0 or (k.coninhcount > 0 and not k.conislocal))`

/**
 * Constraints of tables. A NOT NULL constraint (PostgreSQL 18 has them in pg_constraint) with nothing special about it is
 * part of the column, constraint triggers are triggers, and what a partition or child inherits is its parent's.
 */
export const CONSTRAINTS = `
select 'constraint', format('%s.%I', r.name, k.conname), r.name, pg_get_constraintdef(k.oid),
  ${identity('constraint', 'k.oid')}, null, case k.contype when 'f' then k.confrelid::regclass::text end, null, null, null, null
from pg_constraint k join rel r on r.oid = k.conrelid
where k.contype in ('p', 'u', 'x', 'c', 'f', 'n') and not ${CONSTRAINT_OF_PARENT} and not ${PLAIN_NOT_NULL}`

/**
 * Identities of what is there and no fact of its own, because a parent or a column has it: without them, who compares could
 * not tell what was dropped from what was attached. One column, `ident`.
 */
export const PARTS_OF_OTHERS = `
select ${identity('class', 'r.oid', 'a.attnum')} as ident
from rel r join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef ad on ad.adrelid = r.oid and ad.adnum = a.attnum
where r.relkind in ('r', 'p', 'f') and ${COLUMN_OF_PARENT}
union all
select ${identity('constraint', 'k.oid')} from pg_constraint k join rel r on r.oid = k.conrelid
where k.contype in ('p', 'u', 'x', 'c', 'f', 'n') and (${CONSTRAINT_OF_PARENT} or ${PLAIN_NOT_NULL})
union all
select ${identity('class', 'ic.oid')} from pg_index i join rel r on r.oid = i.indrelid join pg_class ic on ic.oid = i.indexrelid
where ic.relispartition
union all
select ${identity('trigger', 't.oid')} from pg_trigger t join rel r on r.oid = t.tgrelid
where t.tgparentid <> 0 and (not t.tgisinternal or t.tgconstraint = 0)`

import { ownedByNoExtension } from '../visible.ts'
import { identity, NO_EXTRAS } from './row.ts'

const SCHEMAS = `select 'schema', format('%I', n.nspname), null, 'schema', ${identity('namespace', 'n.oid')}, ${NO_EXTRAS} from ns n`

const EXTENSIONS = `
select 'extension', format('%I', e.extname), null, format('schema %I version %s', n.nspname, quote_literal(e.extversion)), ${identity('extension', 'e.oid')}, ${NO_EXTRAS}
from pg_extension e join pg_namespace n on n.oid = e.extnamespace
where e.extname <> 'neon' and n.nspname not in ('neon', 'neon_migration')`

const ofUser = (alias: string) =>
  `${alias}.typowner not in (select oid from internal) and ${ownedByNoExtension('pg_type', `${alias}.oid`)}`

const ENUMS = `
select 'enum', format('%I.%I', n.nspname, t.typname), null,
  'enum (' || coalesce((select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid), '') || ')', ${identity('type', 't.oid')}, ${NO_EXTRAS}
from pg_type t join ns n on n.oid = t.typnamespace where t.typtype = 'e' and ${ofUser('t')}`

const collation = (oid: string) =>
  `(select format('%I.%I', cn.nspname, co.collname) from pg_collation co join pg_namespace cn on cn.oid = co.collnamespace where co.oid = ${oid})`

const DOMAINS = `
select 'domain', format('%I.%I', n.nspname, t.typname), null, concat_ws(' ',
    format_type(t.typbasetype, t.typtypmod),
    case when t.typcollation <> b.typcollation then 'collate ' || ${collation('t.typcollation')} end,
    'default ' || pg_get_expr(t.typdefaultbin, 0),
    case when t.typnotnull then 'not null' end,
    (select string_agg(format('constraint %I %s', k.conname, pg_get_constraintdef(k.oid)), ' ' order by k.conname collate "C")
      from pg_constraint k where k.contypid = t.oid and k.contype = 'c'),
    (select format('constraint %I not null', k.conname) from pg_constraint k
      where k.contypid = t.oid and k.contype = 'n' and k.conname <> t.typname || '_not_null')), ${identity('type', 't.oid')}, ${NO_EXTRAS}
from pg_type t join ns n on n.oid = t.typnamespace join pg_type b on b.oid = t.typbasetype
where t.typtype = 'd' and ${ofUser('t')}`

/** Composite types; the order of their attributes is part of them, since a row value is written in that order. */
const COMPOSITES = `
select 'type', format('%I.%I', n.nspname, t.typname), null, 'as (' || coalesce((
    select string_agg(concat_ws(' ', format('%I', a.attname), format_type(a.atttypid, a.atttypmod),
      case when a.attcollation <> at.typcollation then 'collate ' || ${collation('a.attcollation')} end), ', ' order by a.attnum)
    from pg_attribute a join pg_type at on at.oid = a.atttypid
    where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped), '') || ')', ${identity('type', 't.oid')}, ${NO_EXTRAS}
from pg_type t join ns n on n.oid = t.typnamespace join pg_class c on c.oid = t.typrelid
where t.typtype = 'c' and c.relkind = 'c' and ${ofUser('t')}`

const RANGES = `
select 'type', format('%I.%I', n.nspname, t.typname), null, 'as range (' || concat_ws(', ',
    'subtype = ' || format_type(g.rngsubtype, null),
    case when not oc.opcdefault then format('subtype_opclass = %I.%I', ocn.nspname, oc.opcname) end,
    case when g.rngcollation <> st.typcollation then 'collation = ' || ${collation('g.rngcollation')} end,
    'canonical = ' || nullif(g.rngcanonical, 0)::regproc::text,
    'subtype_diff = ' || nullif(g.rngsubdiff, 0)::regproc::text,
    'multirange_type_name = ' || format_type(g.rngmultitypid, null)) || ')', ${identity('type', 't.oid')}, ${NO_EXTRAS}
from pg_range g join pg_type t on t.oid = g.rngtypid join ns n on n.oid = t.typnamespace
join pg_type st on st.oid = g.rngsubtype
join pg_opclass oc on oc.oid = g.rngsubopc join pg_namespace ocn on ocn.oid = oc.opcnamespace
where ${ofUser('t')}`

const routineOfUser = `p.proowner not in (select oid from internal) and ${ownedByNoExtension('pg_proc', 'p.oid')}`

const FUNCTIONS = `
select 'function', p.oid::regprocedure::text, null, rtrim(pg_get_functiondef(p.oid), E'\\n'), ${identity('proc', 'p.oid')}, ${NO_EXTRAS}
from pg_proc p join ns n on n.oid = p.pronamespace where p.prokind in ('f', 'p', 'w') and ${routineOfUser}`

/** Aggregates; the server has no function that prints their definition. */
const AGGREGATES = `
select 'function', p.oid::regprocedure::text, null, format('aggregate (%s) returns %s', pg_get_function_arguments(p.oid),
    pg_get_function_result(p.oid)) || E'\\n' || concat_ws(', ',
    'sfunc = ' || a.aggtransfn::regproc::text, 'stype = ' || format_type(a.aggtranstype, null),
    'sspace = ' || nullif(a.aggtransspace, 0), 'finalfunc = ' || nullif(a.aggfinalfn, 0)::regproc::text,
    case when a.aggfinalextra then 'finalfunc_extra' end, 'finalfunc_modify = ' || a.aggfinalmodify::text,
    'combinefunc = ' || nullif(a.aggcombinefn, 0)::regproc::text,
    'serialfunc = ' || nullif(a.aggserialfn, 0)::regproc::text,
    'deserialfunc = ' || nullif(a.aggdeserialfn, 0)::regproc::text,
    'initcond = ' || quote_literal(a.agginitval),
    'msfunc = ' || nullif(a.aggmtransfn, 0)::regproc::text, 'minvfunc = ' || nullif(a.aggminvtransfn, 0)::regproc::text,
    'mstype = ' || format_type(nullif(a.aggmtranstype, 0), null), 'mfinalfunc = ' || nullif(a.aggmfinalfn, 0)::regproc::text,
    'msspace = ' || nullif(a.aggmtransspace, 0), case when a.aggmfinalextra then 'mfinalfunc_extra' end,
    case when a.aggmfinalfn <> 0 and a.aggmfinalmodify <> a.aggfinalmodify then 'mfinalfunc_modify = ' || a.aggmfinalmodify::text end,
    'minitcond = ' || quote_literal(a.aggminitval), 'sortop = ' || nullif(a.aggsortop, 0)::regoperator::text,
    'parallel = ' || p.proparallel::text, 'kind = ' || a.aggkind::text), ${identity('proc', 'p.oid')}, ${NO_EXTRAS}
from pg_proc p join ns n on n.oid = p.pronamespace join pg_aggregate a on a.aggfnoid = p.oid
where p.prokind = 'a' and ${routineOfUser}`

/** Types written in C, and types that were only announced; not the arrays that each type has. */
const BASE_TYPES = `
select 'type', format('%I.%I', n.nspname, t.typname), null, case when not t.typisdefined then 'shell' else 'base (' || concat_ws(', ',
    'input = ' || t.typinput::regproc::text, 'output = ' || t.typoutput::regproc::text,
    'receive = ' || nullif(t.typreceive, 0)::regproc::text, 'send = ' || nullif(t.typsend, 0)::regproc::text,
    'typmod_in = ' || nullif(t.typmodin, 0)::regproc::text, 'typmod_out = ' || nullif(t.typmodout, 0)::regproc::text,
    'analyze = ' || nullif(t.typanalyze, 0)::regproc::text, 'subscript = ' || nullif(t.typsubscript, 0)::regproc::text,
    'length = ' || t.typlen, case when t.typbyval then 'passedbyvalue' end, 'alignment = ' || t.typalign::text,
    'storage = ' || t.typstorage::text, 'category = ' || t.typcategory::text, case when t.typispreferred then 'preferred' end,
    'default = ' || quote_literal(t.typdefault), 'element = ' || format_type(nullif(t.typelem, 0), null),
    'delimiter = ' || quote_literal(t.typdelim::text), case when t.typcollation <> 0 then 'collatable' end) || ')' end,
  ${identity('type', 't.oid')}, ${NO_EXTRAS}
from pg_type t join ns n on n.oid = t.typnamespace
where (t.typtype = 'b' or not t.typisdefined) and not exists (select from pg_type el where el.typarray = t.oid) and ${ofUser('t')}`

/** Everything with a name of its own that is no relation: same columns as the queries on tables. */
export const TYPES_AND_FUNCTIONS = [
  SCHEMAS,
  EXTENSIONS,
  ENUMS,
  DOMAINS,
  COMPOSITES,
  RANGES,
  BASE_TYPES,
  FUNCTIONS,
  AGGREGATES,
]

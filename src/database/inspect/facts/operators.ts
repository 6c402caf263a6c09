import { ownedByNoExtension } from '../visible.ts'
import { factQuery, identity } from './row.ts'

const ofUser = (owner: string, catalog: string, oid: string) =>
  `${owner} not in (select oid from internal) and ${ownedByNoExtension(catalog, oid)}`

/** What initdb made is below this oid (FirstNormalObjectId in access/transam.h). */
const MADE_LATER = (oid: string) => `${oid} >= 16384`

const regproc = (oid: string) => `nullif(${oid}, 0)::regproc::text`

/** Casts, save those that a range type brings (internal dependency). */
const CASTS = factQuery({
  kind: 'cast',
  id: `format('(%s as %s)', format_type(c.castsource, null), format_type(c.casttarget, null))`,
  definition: `case c.castmethod when 'f' then 'with function ' || c.castfunc::regprocedure::text when 'i' then 'with inout'
    else 'without function' end || case c.castcontext when 'a' then ' as assignment' when 'i' then ' as implicit' else '' end`,
  identity: identity('cast', 'c.oid'),
  from: `pg_cast c where ${MADE_LATER('c.oid')} and not exists (select from pg_depend own
  where own.classid = 'pg_cast'::regclass and own.objid = c.oid and own.deptype in ('e', 'i'))`,
})

const OPERATORS = factQuery({
  kind: 'operator',
  id: 'o.oid::regoperator::text',
  definition: `'(' || concat_ws(', ', 'function = ' || ${regproc('o.oprcode')},
    'commutator = ' || nullif(o.oprcom, 0)::regoperator::text, 'negator = ' || nullif(o.oprnegate, 0)::regoperator::text,
    'restrict = ' || ${regproc('o.oprrest')}, 'join = ' || ${regproc('o.oprjoin')},
    case when o.oprcanhash then 'hashes' end, case when o.oprcanmerge then 'merges' end) || ')'`,
  identity: identity('operator', 'o.oid'),
  from: `pg_operator o join ns n on n.oid = o.oprnamespace where ${ofUser('o.oprowner', 'pg_operator', 'o.oid')}`,
})

const OPERATOR_CLASSES = factQuery({
  kind: 'operator class',
  id: `format('%I.%I using %I', n.nspname, c.opcname, am.amname)`,
  definition: `concat_ws(' ', case when c.opcdefault then 'default' end, 'for type ' || format_type(c.opcintype, null),
    (select format('family %I.%I', fn.nspname, f.opfname) from pg_opfamily f join pg_namespace fn on fn.oid = f.opfnamespace
      where f.oid = c.opcfamily),
    case when c.opckeytype <> 0 then 'storage ' || format_type(c.opckeytype, null) end)`,
  identity: identity('opclass', 'c.oid'),
  from: `pg_opclass c join ns n on n.oid = c.opcnamespace join pg_am am on am.oid = c.opcmethod
where ${ofUser('c.opcowner', 'pg_opclass', 'c.oid')}`,
})

/** Families with the operators and functions of all their classes. */
const OPERATOR_FAMILIES = factQuery({
  kind: 'operator family',
  id: `format('%I.%I using %I', n.nspname, f.opfname, am.amname)`,
  definition: `concat_ws(', ',
    (select string_agg(concat_ws(' ', 'operator', o.amopstrategy, o.amopopr::regoperator::text,
        (select format('for order by %I.%I', sn.nspname, s.opfname) from pg_opfamily s join pg_namespace sn on sn.oid = s.opfnamespace
          where s.oid = o.amopsortfamily)), ', '
        order by o.amopstrategy, o.amopopr::regoperator::text collate "C")
      from pg_amop o where o.amopfamily = f.oid),
    (select string_agg(concat_ws(' ', 'function', p.amprocnum, format('(%s, %s)', format_type(p.amproclefttype, null),
        format_type(p.amprocrighttype, null)), p.amproc::oid::regprocedure::text), ', '
        order by p.amprocnum, p.amproc::oid::regprocedure::text collate "C")
      from pg_amproc p where p.amprocfamily = f.oid))`,
  identity: identity('opfamily', 'f.oid'),
  from: `pg_opfamily f join ns n on n.oid = f.opfnamespace join pg_am am on am.oid = f.opfmethod
where ${ofUser('f.opfowner', 'pg_opfamily', 'f.oid')}`,
})

/** Collations; 15 and 16 have the ICU locale in a column of its own, 17 and later have one column for all providers. */
function collations(version: number): string {
  const locale = version >= 17 ? 'c.colllocale' : version >= 15 ? 'c.colliculocale' : 'null'
  const rules = version >= 16 ? 'c.collicurules' : 'null'
  return factQuery({
    kind: 'collation',
    id: `format('%I.%I', n.nspname, c.collname)`,
    definition: `'(' || concat_ws(', ', 'provider = ' || case c.collprovider when 'i' then 'icu' when 'c' then 'libc' when 'b' then 'builtin'
        else c.collprovider::text end,
      'locale = ' || quote_literal(${locale}),
      case when c.collcollate = c.collctype and c.collprovider = 'i' and ${locale} is null then 'locale = ' || quote_literal(c.collcollate)
        else concat_ws(', ', 'lc_collate = ' || quote_literal(c.collcollate), 'lc_ctype = ' || quote_literal(c.collctype)) end,
      'rules = ' || quote_literal(${rules}), case when not c.collisdeterministic then 'deterministic = false' end) || ')'`,
    identity: identity('collation', 'c.oid'),
    from: `pg_collation c join ns n on n.oid = c.collnamespace where ${ofUser('c.collowner', 'pg_collation', 'c.oid')}`,
  })
}

const CONVERSIONS = factQuery({
  kind: 'conversion',
  id: `format('%I.%I', n.nspname, c.conname)`,
  definition: `format('%sfor %L to %L from %s', case when c.condefault then 'default ' else '' end,
    pg_encoding_to_char(c.conforencoding), pg_encoding_to_char(c.contoencoding), c.conproc::regproc::text)`,
  identity: identity('conversion', 'c.oid'),
  from: `pg_conversion c join ns n on n.oid = c.connamespace where ${ofUser('c.conowner', 'pg_conversion', 'c.oid')}`,
})

const LANGUAGES = factQuery({
  kind: 'language',
  id: `format('%I', l.lanname)`,
  definition: `concat_ws(' ', case when l.lanpltrusted then 'trusted' end, 'handler ' || ${regproc('l.lanplcallfoid')},
    'inline ' || ${regproc('l.laninline')}, 'validator ' || ${regproc('l.lanvalidator')})`,
  identity: identity('language', 'l.oid'),
  from: `pg_language l where l.lanispl and ${ofUser('l.lanowner', 'pg_language', 'l.oid')}`,
})

const ACCESS_METHODS = factQuery({
  kind: 'access method',
  id: `format('%I', a.amname)`,
  definition: `'type ' || case a.amtype when 'i' then 'index' else 'table' end || ' handler ' || a.amhandler::text`,
  identity: identity('am', 'a.oid'),
  from: `pg_am a where ${MADE_LATER('a.oid')} and ${ownedByNoExtension('pg_am', 'a.oid')}`,
})

const TRANSFORMS = factQuery({
  kind: 'transform',
  id: `format('for %s language %I', format_type(t.trftype, null), l.lanname)`,
  definition: `'(' || concat_ws(', ', 'from sql with function ' || nullif(t.trffromsql, 0)::regprocedure::text,
    'to sql with function ' || nullif(t.trftosql, 0)::regprocedure::text) || ')'`,
  identity: identity('transform', 't.oid'),
  from: `pg_transform t join pg_language l on l.oid = t.trflang where ${ownedByNoExtension('pg_transform', 't.oid')}`,
})

/** What the parser and the planner know by rules that the user made: casts, operators, collations, languages, and the like. */
export function operatorsAndLanguages(version: number): string[] {
  return [
    ...[CASTS, OPERATORS, OPERATOR_CLASSES, OPERATOR_FAMILIES, collations(version), CONVERSIONS],
    ...[LANGUAGES, ACCESS_METHODS, TRANSFORMS],
  ]
}

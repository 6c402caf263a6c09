import { ownedByNoExtension } from '../visible.ts'
import { factQuery, identity } from './row.ts'

const CONFIGURATIONS = factQuery({
  kind: 'text search configuration',
  id: `format('%I.%I', n.nspname, c.cfgname)`,
  definition: `'parser ' || (select format('%I.%I', pn.nspname, p.prsname) from pg_ts_parser p join pg_namespace pn on pn.oid = p.prsnamespace
      where p.oid = c.cfgparser)
    || coalesce((select E'\\n' || string_agg('mapping for ' || m.token || ' with ' || m.dictionaries, E'\\n' order by m.token)
      from (select coalesce(t.alias, m.maptokentype::text) collate "C" as token,
          string_agg(m.mapdict::regdictionary::text, ', ' order by m.mapseqno) as dictionaries
        from pg_ts_config_map m left join ts_token_type(c.cfgparser) t on t.tokid = m.maptokentype
        where m.mapcfg = c.oid group by 1) m), '')`,
  identity: identity('ts_config', 'c.oid'),
  from: `pg_ts_config c join ns n on n.oid = c.cfgnamespace
where c.cfgowner not in (select oid from internal) and ${ownedByNoExtension('pg_ts_config', 'c.oid')}`,
})

const DICTIONARIES = factQuery({
  kind: 'text search dictionary',
  id: `format('%I.%I', n.nspname, d.dictname)`,
  definition: `concat_ws(', ', 'template ' || (select format('%I.%I', tn.nspname, t.tmplname) from pg_ts_template t
      join pg_namespace tn on tn.oid = t.tmplnamespace where t.oid = d.dicttemplate), d.dictinitoption)`,
  identity: identity('ts_dict', 'd.oid'),
  from: `pg_ts_dict d join ns n on n.oid = d.dictnamespace
where d.dictowner not in (select oid from internal) and ${ownedByNoExtension('pg_ts_dict', 'd.oid')}`,
})

const PARSERS = factQuery({
  kind: 'text search parser',
  id: `format('%I.%I', n.nspname, p.prsname)`,
  definition: `concat_ws(', ', 'start = ' || p.prsstart, 'gettoken = ' || p.prstoken, 'end = ' || p.prsend,
    'lextypes = ' || p.prslextype, case when p.prsheadline::oid <> 0 then 'headline = ' || p.prsheadline end)`,
  identity: identity('ts_parser', 'p.oid'),
  from: `pg_ts_parser p join ns n on n.oid = p.prsnamespace where ${ownedByNoExtension('pg_ts_parser', 'p.oid')}`,
})

const TEMPLATES = factQuery({
  kind: 'text search template',
  id: `format('%I.%I', n.nspname, t.tmplname)`,
  definition: `concat_ws(', ', case when t.tmplinit::oid <> 0 then 'init = ' || t.tmplinit end, 'lexize = ' || t.tmpllexize)`,
  identity: identity('ts_template', 't.oid'),
  from: `pg_ts_template t join ns n on n.oid = t.tmplnamespace where ${ownedByNoExtension('pg_ts_template', 't.oid')}`,
})

/** The four kinds of object of text search. */
export const TEXT_SEARCH = [CONFIGURATIONS, DICTIONARIES, PARSERS, TEMPLATES]

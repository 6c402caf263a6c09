import type { Database } from '../../src/database/connect.ts'

/** Every catalog of PostgreSQL 14 to 18: the kinds of fact that come from it, or why none does. */
export const CATALOGS: Record<string, string> = {
  pg_aggregate: 'function',
  pg_am: 'access method',
  pg_amop: 'operator family',
  pg_amproc: 'operator family',
  pg_attrdef: 'column',
  pg_attribute: 'column',
  pg_auth_members: 'none: roles belong to the cluster, as for pg_dump',
  pg_authid: 'none: roles belong to the cluster, as for pg_dump',
  pg_cast: 'cast',
  pg_class: 'table',
  pg_collation: 'collation',
  pg_constraint: 'constraint',
  pg_conversion: 'conversion',
  pg_database: 'setting',
  pg_db_role_setting: 'setting',
  pg_default_acl: 'privilege',
  pg_depend: 'none: follows from the others',
  pg_description: 'comment',
  pg_enum: 'enum',
  pg_event_trigger: 'event trigger',
  pg_extension: 'extension',
  pg_foreign_data_wrapper: 'foreign data wrapper',
  pg_foreign_server: 'server',
  pg_foreign_table: 'table',
  pg_index: 'index',
  pg_inherits: 'table',
  pg_init_privs: 'privilege',
  pg_language: 'language',
  pg_largeobject: 'none: data',
  pg_largeobject_metadata: 'large objects',
  pg_namespace: 'schema',
  pg_opclass: 'operator class',
  pg_operator: 'operator',
  pg_opfamily: 'operator family',
  pg_parameter_acl: 'none: of the cluster, as for pg_dump',
  pg_partitioned_table: 'table',
  pg_policy: 'policy',
  pg_proc: 'function',
  pg_publication: 'publication',
  pg_publication_namespace: 'publication',
  pg_publication_rel: 'publication',
  pg_range: 'type',
  pg_replication_origin: 'none: state of the cluster',
  pg_rewrite: 'rule',
  pg_seclabel: 'security label',
  pg_sequence: 'sequence',
  pg_shdepend: 'none: follows from the others',
  pg_shdescription: 'comment',
  pg_shseclabel: 'security label',
  pg_statistic: 'none: derived from data',
  pg_statistic_ext: 'statistics',
  pg_statistic_ext_data: 'none: derived from data',
  pg_subscription: 'subscription',
  pg_subscription_rel: 'none: state of a subscription',
  pg_tablespace: 'none: of the cluster; which one a table is in is a setting',
  pg_transform: 'transform',
  pg_trigger: 'trigger',
  pg_ts_config: 'text search configuration',
  pg_ts_config_map: 'text search configuration',
  pg_ts_dict: 'text search dictionary',
  pg_ts_parser: 'text search parser',
  pg_ts_template: 'text search template',
  pg_type: 'type',
  pg_user_mapping: 'user mapping',
}

/** The names of all catalogs of a server. */
export async function catalogsOf(database: Database): Promise<string[]> {
  const rows = await database.sql.unsafe(
    `select relname from pg_class where relnamespace = 'pg_catalog'::regnamespace and relkind = 'r' and oid < 16384 order by 1`,
  )
  return rows.map(({ relname }) => relname as string)
}

// Counters, storage, and flags that say "perhaps"; rights, since a right given and taken leaves another text of the same meaning.
const NOISE =
  /^(?:rel(?:pages|tuples|allvisible|allfrozen|filenode|frozenxid|minmxid|toastrelid|natts|checks|has.*|acl)|dat(?:frozenxid|minmxid|collversion|acl)|collversion|attnum|attmissingval|atthasmissing|attacl|.*acl|conkey|confkey|indkey|adnum|objsubid)$/

/**
 * A measure of the schema that shares nothing with the queries under test: every row of every catalog, each column as text,
 * without oids (an object made anew as it was has another one) and what is noise. Equal texts mean that nothing changed.
 */
export async function dumpCatalogs(database: Database): Promise<string> {
  const left = [
    'pg_depend',
    'pg_shdepend',
    'pg_statistic',
    'pg_statistic_ext_data',
    'pg_largeobject',
    'pg_init_privs',
    'pg_default_acl',
  ]
  const columns = (await database.sql
    .unsafe(
      `select c.relname as catalog, a.attname as name, format_type(a.atttypid, null) as type from pg_catalog.pg_class c
       join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r' and c.oid < 16384 order by c.relname, a.attnum`,
    )
    .simple()) as unknown as { catalog: string; name: string; type: string }[]
  const catalogs = Map.groupBy(
    columns.filter(
      ({ catalog, name, type }) =>
        !left.includes(catalog) && !NOISE.test(name) && !/^(?:oid|oidvector|xid)(?:\[\])?$/.test(type),
    ),
    ({ catalog }) => catalog,
  )
  const queries = [...catalogs].map(([catalog, list]) => {
    const values = list.map(({ name, type }) =>
      type === 'pg_node_tree'
        ? `regexp_replace(${name}::text, '-?\\d+', '#', 'g')`
        : `regexp_replace(${name}::text, '\\d{5,}', '#', 'g')`,
    )
    const only =
      catalog === 'pg_attribute'
        ? 'where not attisdropped'
        : catalog === 'pg_class'
          ? `where relnamespace <> 'pg_toast'::regnamespace`
          : ''
    return `select '${catalog}' as catalog, md5(coalesce(string_agg(line, '|' order by line collate "C"), '')) as digest
      from (select concat_ws(',', ${values.map((value) => `coalesce(${value}, '-')`).join(', ')}) as line from pg_catalog.${catalog} ${only}) x`
  })
  // Functions are printed with their schema where the path does not lead to it.
  const [path] = await database.sql.unsafe(`select quote_literal(current_setting('search_path')) as saved`)
  const message = [
    `select set_config('search_path', '', true)`,
    queries.join(' union all '),
    `select set_config('search_path', ${path?.saved}, true)`,
  ]
  const [, rows = []] = (await database.sql.unsafe(message.join(';')).simple()) as unknown as {
    catalog: string
    digest: string
  }[][]
  return rows
    .map(({ catalog, digest }) => `${catalog} ${digest}`)
    .sort()
    .join('\n')
}

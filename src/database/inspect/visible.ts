import { OWN_SCHEMA } from '../own-schema.ts'

/**
 * Schemas that are not the user's: ours, and those that Neon's compute makes in each database (`neon` for its extension,
 * `neon_migration` for its own bookkeeping; compute_tools/src/migration.rs of neondatabase/neon). `neon_auth` is not
 * among them: its tables are the user's to query and to reference.
 */
const HIDDEN_SCHEMAS = ['information_schema', 'neon', 'neon_migration', OWN_SCHEMA]

/** The superusers of Neon's own machinery; what they own is none of the user's doing. */
const INTERNAL_OWNERS = ['cloud_admin', 'zenith_admin']

/** Roles to which Neon gives rights by itself (compute_tools/src/sql/default_grants.sql of neondatabase/neon). */
const INTERNAL_GRANTEES = [...INTERNAL_OWNERS, 'neon_superuser', 'neon_service', 'web_access']

const list = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ')

/**
 * A condition that is true when no extension owns the object (dropping or updating the extension would change it, not
 * the user), and of a function also when it is no part of another object, as the constructors of a range type are.
 * The dependency types are those of pg_depend in the manual.
 */
export function ownedByNoExtension(catalog: string, oid: string): string {
  return `not exists (select from pg_depend own where own.classid = '${catalog}'::regclass and own.objid = ${oid}
    and own.deptype in (${catalog === 'pg_proc' ? "'e', 'i'" : "'e'"}))`
}

/**
 * The common table expressions that every catalog query of this room starts with, without the leading `with`:
 * `internal` and `grantees` (oids of Neon's own roles, see above; never the role that asks), `ns` (schemas that are the user's) and `rel` (their
 * tables, views, materialized views, foreign tables and sequences; no indexes, nothing temporary, nothing of an
 * extension). `rel.name` is qualified and quoted.
 */
export const VISIBLE = `
internal as materialized (
  select r.oid from pg_roles r where r.rolname in (${list(INTERNAL_OWNERS)}) and r.rolname <> current_user),
grantees as materialized (
  select r.oid from pg_roles r
  where (r.rolname in (${list(INTERNAL_GRANTEES)}) or r.rolname like 'databricks\\_%') and r.rolname <> current_user),
ns as materialized (
  select n.oid, n.nspname, n.nspowner, n.nspacl from pg_namespace n
  where n.nspname !~ '^pg_' and n.nspname not in (${list(HIDDEN_SCHEMAS)})
    and (n.nspname = 'public' or n.nspowner not in (select oid from internal))
    and ${ownedByNoExtension('pg_namespace', 'n.oid')}),
rel as materialized (
  select c.oid, c.relname, c.relkind, c.relpersistence, c.relispartition, c.relrowsecurity, c.relforcerowsecurity,
    c.relreplident, c.relam, c.reloptions, c.reloftype, c.relowner, c.relacl, c.relpartbound, c.relispopulated,
    c.reltuples, c.relpages, n.nspname, n.oid as nspoid, format('%I.%I', n.nspname, c.relname) as name
  from pg_class c join ns n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.relpersistence <> 't'
    and c.relowner not in (select oid from internal)
    and ${ownedByNoExtension('pg_class', 'c.oid')})`

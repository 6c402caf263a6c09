import { OWN_SCHEMA } from '../own-schema.ts'
import type { RoleLevel, RoleRequest } from './parse.ts'

/** Privileges on tables (with views and foreign tables) and on sequences; no TRUNCATE, REFERENCES or TRIGGER. */
const PRIVILEGES: Record<RoleLevel, { tables: string[]; sequences: string[] }> = {
  readonly: { tables: ['SELECT'], sequences: ['SELECT'] },
  readwrite: { tables: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'], sequences: ['SELECT', 'USAGE'] },
}

/**
 * Lists, as GRANT and REVOKE statements, where a role's privileges differ from what its level says, over all schemas but
 * ours and the system's: USAGE on schemas, privileges on relations that the current role owns, and default privileges for
 * those that it makes later (https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html). Nothing is listed
 * when all is as it should be. Relations of other owners come as `statement: null` with their name.
 * Parameters: role name, JSON of wanted privileges, our schema.
 */
export const DIFFERENCES = `
with role as (
  select oid, quote_ident(rolname) as name from pg_roles where rolname = $1
), wanted as (
  select 'r' as kind, jsonb_array_elements_text($2::text::jsonb -> 'tables') as privilege
  union all
  select 'S', jsonb_array_elements_text($2::text::jsonb -> 'sequences')
), relation as (
  select c.oid, c.relnamespace, case c.relkind when 'S' then 'S' else 'r' end as kind, c.relacl, c.relowner,
         format('%I.%I', n.nspname, c.relname) as name, pg_has_role(c.relowner, 'USAGE') as ours
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname !~ '^pg_'
    and n.nspname not in ('information_schema', $3)
), schema as (
  select n.oid, n.nspacl, quote_ident(n.nspname) as name, pg_has_role(n.nspowner, 'USAGE') as ours
  from pg_namespace n
  where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', $3)
    and (pg_has_role(n.nspowner, 'USAGE') or exists (select from relation r where r.relnamespace = n.oid and r.ours))
), has as (
  select relation.oid, acl.privilege_type as privilege
  from role, relation, aclexplode(relation.relacl) acl
  where relation.ours and acl.grantee = role.oid and acl.grantor = relation.relowner
), difference as (
  select r.oid, r.name, r.kind, 'GRANT' as verb, w.privilege from relation r join wanted w using (kind)
  where r.ours and not exists (select from has where has.oid = r.oid and has.privilege = w.privilege)
  union all
  select r.oid, r.name, r.kind, 'REVOKE', has.privilege from relation r join has using (oid)
  where not exists (select from wanted w where w.kind = r.kind and w.privilege = has.privilege)
), per_relation as (
  select name, verb, kind, string_agg(privilege, ', ' order by privilege) as privileges
  from difference group by oid, name, verb, kind
), later as (
  select schema.oid, d.defaclobjtype::text as kind, acl.privilege_type as privilege
  from role, schema join pg_default_acl d on d.defaclnamespace = schema.oid, aclexplode(d.defaclacl) acl
  where d.defaclrole = (select oid from pg_roles where rolname = current_user)
    and d.defaclobjtype in ('r', 'S') and acl.grantee = role.oid
), later_difference as (
  select schema.name, 'GRANT' as verb, w.kind, w.privilege from schema, wanted w
  where not exists (select from later l where (l.oid, l.kind, l.privilege) = (schema.oid, w.kind, w.privilege))
  union all
  select schema.name, 'REVOKE', l.kind, l.privilege from schema join later l using (oid)
  where not exists (select from wanted w where (w.kind, w.privilege) = (l.kind, l.privilege))
)
select format('GRANT CONNECT ON DATABASE %I TO %s', current_database(), role.name) as statement, null as foreign_name
from role where not has_database_privilege(role.oid, current_database(), 'CONNECT')
union all
select format('GRANT USAGE ON SCHEMA %s TO %s', schema.name, role.name), null
from role, schema
where schema.ours and not exists (
  select from aclexplode(schema.nspacl) acl where acl.grantee = role.oid and acl.privilege_type = 'USAGE'
)
union all
select format('%s %s ON %s %s %s %s', verb, privileges, case kind when 'S' then 'SEQUENCE' else 'TABLE' end,
              string_agg(per_relation.name, ', ' order by per_relation.name),
              case verb when 'GRANT' then 'TO' else 'FROM' end, role.name), null
from role, per_relation group by verb, privileges, kind, role.name
union all
select format('ALTER DEFAULT PRIVILEGES IN SCHEMA %s %s %s ON %s %s %s', later_difference.name, verb,
              string_agg(privilege, ', ' order by privilege), case kind when 'S' then 'SEQUENCES' else 'TABLES' end,
              case verb when 'GRANT' then 'TO' else 'FROM' end, role.name), null
from role, later_difference group by later_difference.name, verb, kind, role.name
union all
select null, relation.name from relation, role
where not ours and not has_table_privilege(role.oid, relation.oid, 'SELECT') and relation.kind = 'r'
`

/** The parameters of {@link DIFFERENCES} for a role. */
export function differenceParameters({ name, level }: RoleRequest): [string, string, string] {
  return [name, JSON.stringify(PRIVILEGES[level]), OWN_SCHEMA]
}

/** The columns `secret` to `colkey` of a fact that has none of them. */
export const NO_EXTRAS = 'null, null, null, null, null, null'

/**
 * SQL for what the catalog knows an object by, whatever its name: the catalog without `pg_`, the oid, and the attnum of a
 * column (else 0), as in `class 16385 2`.
 */
export function identity(catalog: string, oid: string, part = '0'): string {
  return `'${catalog} ' || ${oid} || ' ' || ${part}`
}

/** A fact as SQL: what it is called and defined by, and what follows `from`. */
export interface FactQuery {
  kind: string
  /** SQL of its identity within the kind, qualified and quoted. */
  id: string
  /** SQL of the table or view it belongs to. */
  table?: string
  definition: string
  /** From {@link identity}. */
  identity: string
  /** SQL of what makes it what it is and must not be shown; it is only compared. */
  secret?: string
  from: string
}

/** The query of a fact, with the columns that all of them have. */
export function factQuery({ kind, id, table, definition, identity: known, secret, from }: FactQuery): string {
  return `
select '${kind}', ${id}, ${table ?? 'null'}, ${definition},
  ${known}, ${secret ?? 'null'}, null, null, null, null, null
from ${from}`
}

// Names of options and settings whose values may be credentials.
const TELLING = "~* '(pass|secret|token|key|cred|auth|jwt)'"

/** SQL for `name 'value', …` of options (`text[]`, `name=value`), with `…` for the value of what may be a credential. */
export function optionsText(options: string): string {
  return `(select string_agg(format('%I ', o.option_name) || case when o.option_name ${TELLING} then '''…'''
    else quote_literal(o.option_value) end, ', ') from pg_options_to_table(${options}) o)`
}

/** SQL that is true of a setting whose value is told: no name of the user's own making, and none that speaks of secrets. */
export function mayTell(name: string): string {
  return `(${name} !~ '\\.' and not ${name} ${TELLING})`
}

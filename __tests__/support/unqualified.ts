import { parseSync } from 'libpg-query'

/**
 * What in the SQL texts of one connection depends on a search path that is not ours: operators, functions, types and
 * tables without a schema. Reads them as the session goes: which path holds where is told by the texts themselves.
 * libpg-query has to be loaded.
 */
export function unqualifiedIn(texts: readonly string[]): string[] {
  const found: string[] = []
  let isOurs = false
  let inTransaction = false
  for (const text of texts) {
    for (const { stmt } of parseSync(text).stmts ?? []) {
      const node = stmt as Record<string, Node> | undefined
      const change = pathChange(node)
      if (!isOurs && change === undefined) {
        for (const name of namesIn(node)) found.push(`${name} in: ${text.replace(/\s+/g, ' ').slice(0, 300)}`)
      }
      if (change !== undefined) isOurs = change
      const kind = node?.TransactionStmt?.kind
      if (kind === 'TRANS_STMT_BEGIN') inTransaction = true
      if (kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_ROLLBACK') inTransaction = isOurs = false
    }
    // A message outside a transaction is one itself.
    if (!inTransaction) isOurs = false
  }
  return found
}

type Node = { [key: string]: unknown }

/** Whether a statement makes the search path ours (true) or somebody else's (false); undefined for neither. */
function pathChange(node: Record<string, Node> | undefined): boolean | undefined {
  const set = node?.VariableSetStmt
  if (set?.name === 'search_path') return set.kind === 'VAR_SET_VALUE' && /"pg_catalog"/.test(JSON.stringify(set.args))
  if (set?.kind === 'VAR_RESET_ALL') return false
  const call = JSON.stringify(node?.SelectStmt ?? {})
  return /"sval":"search_path"\},"location":\d+\}\},\{"A_Const":\{"sval":\{"sval":"(?:pg_catalog, pg_temp)?"\}/.test(
    call,
  )
    ? true
    : undefined
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null
const parts = (names: unknown) =>
  (Array.isArray(names) ? names : []).map((name) => (name as { String?: { sval?: string } }).String?.sval ?? '')

function namesIn(value: unknown, tables: ReadonlySet<string> = new Set()): string[] {
  if (Array.isArray(value)) return value.flatMap((entry) => namesIn(entry, tables))
  if (!isNode(value)) return []
  const known = new Set([...tables, ...commonTables(value)])
  const own: string[] = []
  const lone = (what: string, names: string[]) => {
    if (names.length === 1) own.push(`${what} ${names[0]}`)
  }
  if (isNode(value.A_Expr)) {
    const { name, kind } = value.A_Expr
    // BETWEEN has its words for names, and the operators <= and >= of the search path behind them.
    if (kind !== 'AEXPR_NULLIF') lone('operator', parts(name))
    else own.push('operator = of nullif')
  }
  if (isNode(value.SubLink) && value.SubLink.subLinkType !== 'EXISTS_SUBLINK' && value.SubLink.testexpr) {
    const names = parts(value.SubLink.operName)
    if (names.length < 2) own.push(`operator ${names[0] ?? '='} of a subquery`)
  }
  if (isNode(value.CaseExpr) && value.CaseExpr.arg) own.push('operator = of a CASE with a value')
  if (isNode(value.JoinExpr) && value.JoinExpr.usingClause) own.push('operator = of USING')
  if (isNode(value.FuncCall)) lone('function', parts(value.FuncCall.funcname))
  if (isNode(value.TypeName)) lone('type', parts(value.TypeName.names))
  if (isNode(value.typeName)) lone('type', parts(value.typeName.names))
  if (isNode(value.RangeVar)) {
    const { schemaname, relname } = value.RangeVar
    if (schemaname === undefined && !known.has(String(relname))) own.push(`table ${relname}`)
  }
  return [...own, ...Object.values(value).flatMap((entry) => namesIn(entry, known))]
}

/** Names that a WITH in front of a statement makes. */
function commonTables(value: Node): string[] {
  return Object.values(value).flatMap((inner) => {
    const clause = isNode(inner) ? inner.withClause : undefined
    const ctes = isNode(clause) && Array.isArray(clause.ctes) ? clause.ctes : []
    return ctes.map((cte) => String((cte as { CommonTableExpr?: { ctename?: string } }).CommonTableExpr?.ctename))
  })
}

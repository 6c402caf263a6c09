import type { Request } from '../http/serve.ts'
import { BUILT_IN, detailsOf, type Item, pluralOf, Refusal, type Resource } from './objects.ts'
import { isRecord } from './order.ts'
import type { Store } from './store.ts'

/** The token of the stand-in's administrator, who may do everything. */
export const ADMIN_TOKEN = 'sandbox-kubernetes-administrator'
const ADMIN = 'kubernetes-admin'
const ANONYMOUS = 'system:anonymous'

/** What someone wants to do with objects. */
export interface Wish {
  user: string
  verb: string
  resource: Pick<Resource, 'group' | 'plural'>
  /** `token`, `finalize`; empty for the object itself. */
  subresource?: string
  namespace: string
  name: string
}

/** A token for a service account, in the form of a JWT; the stand-in believes what it reads. */
export function serviceAccountToken(namespace: string, name: string, seconds: number): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { sub: `system:serviceaccount:${namespace}:${name}`, exp: Math.floor(Date.now() / 1000) + seconds }
  return `${part({ alg: 'none' })}.${part(claims)}.stand-in`
}

/**
 * Who sends a request; one without a login is `system:anonymous`. Throws the 401 of the API server for a wrong token, and
 * for every client certificate: the stand-in signs none.
 */
export function userOf(request: Request): string {
  const { authorization } = request.headers
  if (authorization === undefined && !request.hasCertificate) return ANONYMOUS
  const token = authorization?.replace(/^Bearer /, '') ?? ''
  const impersonated = request.headers['impersonate-user']
  const user = token === ADMIN_TOKEN ? ADMIN : subjectOf(token)
  if (!user) throw new Refusal(401, 'Unauthorized', 'Unauthorized')
  return typeof impersonated === 'string' && user === ADMIN ? impersonated : user
}

function subjectOf(token: string): string | undefined {
  try {
    if (!token.endsWith('.stand-in')) return undefined
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
    return claims.exp * 1000 > Date.now() ? claims.sub : undefined
  } catch {
    return undefined
  }
}

function groupsOf(user: string): string[] {
  if (user === ANONYMOUS) return ['system:unauthenticated']
  const [, namespace] = /^system:serviceaccount:([^:]+):/.exec(user) ?? []
  const accounts = namespace ? ['system:serviceaccounts', `system:serviceaccounts:${namespace}`] : []
  return ['system:authenticated', ...accounts]
}

// The roles system:public-info-viewer and system:discovery, which every cluster has.
const PUBLIC = /^\/(healthz|livez|readyz|version)\/?$/
const DISCOVERY = /^\/(api|apis|openapi)(\/.*)?$/

/** Throws the API server's 403 for a path that is about no object and that the user may not read. */
export function authorizePath(user: string, path: string): void {
  if (user === ADMIN || PUBLIC.test(path) || (user !== ANONYMOUS && DISCOVERY.test(path))) return
  throw new Refusal(403, 'Forbidden', `forbidden: User "${user}" cannot get path "${path}"`, {})
}

/** Throws the API server's 403 unless a role that is bound to the user allows the wish. */
export function authorize(store: Store, wish: Wish): void {
  const { user, verb, resource, namespace } = wish
  const { rules, missing } = rulesFor(store, wish)
  if (user === ADMIN || rules.some((rule) => allows(rule, wish))) return
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope'
  const reason = `User "${user}" cannot ${verb} resource "${resourceName(wish)}" in API group "${resource.group}" ${where}`
  const list = missing.length > 1 ? `[${missing.join(', ')}]` : missing.join()
  throw forbidden(wish, missing.length > 0 ? `${reason}: RBAC: ${list}` : reason)
}

/** As {@link authorize}, for an apply that turns out to create: then the API server gives no reason. */
export function authorizeCreation(store: Store, wish: Omit<Wish, 'verb'>): void {
  const creation = { ...wish, verb: 'create' }
  const { rules } = rulesFor(store, creation)
  if (wish.user !== ADMIN && !rules.some((rule) => allows(rule, creation))) throw forbidden(creation, '')
}

function resourceName({ resource, subresource }: Wish): string {
  return subresource ? `${resource.plural}/${subresource}` : resource.plural
}

function forbidden({ resource, name }: Wish, reason: string): Refusal {
  const what = `${pluralOf(resource)}${name ? ` "${name}"` : ''}`
  const details = detailsOf(name, resource.group, resource.plural)
  return new Refusal(403, 'Forbidden', `${what} is forbidden: ${reason}`, details)
}

interface Rule {
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
  verbs?: string[]
}

/** The rules of the roles that are bound to the user, and which of these roles are not there. */
function rulesFor(store: Store, { user, namespace }: Wish): { rules: Rule[]; missing: string[] } {
  const bindings = [
    ...store.list(kind('clusterrolebindings'), ''),
    ...(namespace ? store.list(kind('rolebindings'), namespace) : []),
  ]
  const rules: Rule[] = []
  const missing: string[] = []
  for (const binding of bindings) {
    if (!isSubject(binding, user)) continue
    const { kind: roleKind, name } = binding.roleRef as { kind: string; name: string }
    const resource = kind(roleKind === 'Role' ? 'roles' : 'clusterroles')
    const role = store
      .list(resource, roleKind === 'Role' ? (binding.metadata.namespace ?? '') : '')
      .find((item) => item.metadata.name === name)
    if (role) rules.push(...((role.rules ?? []) as Rule[]))
    else missing.push(`${roleKind.toLowerCase()}.rbac.authorization.k8s.io "${name}" not found`)
  }
  return { rules, missing }
}

function kind(plural: string): Resource {
  const found = BUILT_IN.find((resource) => resource.plural === plural)
  if (!found) throw new Error(`no kind ${plural}`)
  return found
}

function isSubject(binding: Item, user: string): boolean {
  const subjects = (Array.isArray(binding.subjects) ? binding.subjects : []).filter(isRecord)
  return subjects.some(({ kind: subjectKind, name, namespace }) => {
    if (subjectKind === 'ServiceAccount') return user === `system:serviceaccount:${namespace}:${name}`
    return subjectKind === 'Group' ? groupsOf(user).includes(String(name)) : user === name
  })
}

function allows(rule: Rule, wish: Wish): boolean {
  const has = (list: string[] | undefined, value: string) => list?.includes(value) || list?.includes('*')
  const named = rule.resourceNames ?? []
  return Boolean(
    has(rule.apiGroups, wish.resource.group) &&
      has(rule.resources, resourceName(wish)) &&
      has(rule.verbs, wish.verb) &&
      (named.length === 0 || named.includes(wish.name)),
  )
}

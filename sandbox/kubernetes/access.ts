import type { Request } from '../http/serve.ts'
import { BUILT_IN, type Item, Refusal, type Resource } from './objects.ts'
import type { Store } from './store.ts'

/** The token of the stand-in's administrator, who may do everything. */
export const ADMIN_TOKEN = 'sandbox-kubernetes-administrator'
const ADMIN = 'kubernetes-admin'

/** What someone wants to do. */
export interface Wish {
  user: string
  verb: string
  resource: Resource
  namespace: string
  name: string
}

/** A token for a service account, in the form of a JWT; the stand-in believes what it reads. */
export function serviceAccountToken(namespace: string, name: string, seconds: number): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { sub: `system:serviceaccount:${namespace}:${name}`, exp: Math.floor(Date.now() / 1000) + seconds }
  return `${part({ alg: 'none' })}.${part(claims)}.stand-in`
}

/** Who sends a request. Throws the 401 of the API server. */
export function userOf(request: Request): string {
  const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
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

/** Throws the API server's 403 unless a role that is bound to the user allows the wish. */
export function authorize(store: Store, wish: Wish): void {
  const { user, verb, resource, namespace } = wish
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope'
  const reason = `User "${user}" cannot ${verb} resource "${resource.plural}" in API group "${resource.group}" ${where}`
  if (!isAllowed(store, wish)) throw forbidden(wish, reason)
}

/** As {@link authorize}, for an apply that turns out to create: then the API server gives no reason. */
export function authorizeCreation(store: Store, wish: Omit<Wish, 'verb'>): void {
  const creation = { ...wish, verb: 'create' }
  if (!isAllowed(store, creation)) throw forbidden(creation, '')
}

function isAllowed(store: Store, wish: Wish): boolean {
  return wish.user === ADMIN || rulesFor(store, wish).some((rule) => allows(rule, wish))
}

function forbidden({ resource, name }: Wish, reason: string): Refusal {
  const what = `${resource.plural}${resource.group ? `.${resource.group}` : ''}${name ? ` "${name}"` : ''}`
  const details = { name, group: resource.group, kind: resource.plural }
  return new Refusal(403, 'Forbidden', `${what} is forbidden: ${reason}`, details)
}

interface Rule {
  apiGroups?: string[]
  resources?: string[]
  verbs?: string[]
}

function rulesFor(store: Store, { user, namespace }: Wish): Rule[] {
  const bindings = [
    ...(namespace ? store.list(kind('rolebindings'), namespace) : []),
    ...store.list(kind('clusterrolebindings'), ''),
  ]
  return bindings
    .filter((binding) => subjectsOf(binding).includes(user))
    .flatMap((binding) => {
      const { kind: roleKind, name } = binding.roleRef as { kind: string; name: string }
      const resource = kind(roleKind === 'Role' ? 'roles' : 'clusterroles')
      const role = store
        .list(resource, roleKind === 'Role' ? (binding.metadata.namespace ?? '') : '')
        .find((item) => item.metadata.name === name)
      return (role?.rules ?? []) as Rule[]
    })
}

function kind(plural: string): Resource {
  const found = BUILT_IN.find((resource) => resource.plural === plural)
  if (!found) throw new Error(`no kind ${plural}`)
  return found
}

function subjectsOf(binding: Item): string[] {
  const subjects = (binding.subjects ?? []) as { kind: string; name: string; namespace?: string }[]
  return subjects.map(({ kind: subjectKind, name, namespace }) =>
    subjectKind === 'ServiceAccount' ? `system:serviceaccount:${namespace}:${name}` : name,
  )
}

function allows(rule: Rule, { verb, resource }: Wish): boolean {
  const has = (list: string[] | undefined, value: string) => list?.includes(value) || list?.includes('*')
  return Boolean(has(rule.apiGroups, resource.group) && has(rule.resources, resource.plural) && has(rule.verbs, verb))
}

import { type Cause, type Item, invalid, isCustom, type Resource } from './objects.ts'
import { isRecord } from './order.ts'
import { componentCauses } from './schema.ts'

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const VALUE = `(${QUALIFIED})?`
const KEY = '[-._a-zA-Z0-9]+'

const LONGEST_LABEL = 63
const LONGEST_SUBDOMAIN = 253
const MOST_ANNOTATIONS = 262_144
const MOST_DATA = 1_048_576

/** Throws the API server's 422 for what an object of the kind must not be (validation of kube-apiserver 1.20). */
export function validate(resource: Resource, item: Item, before?: Item): void {
  const own = {
    Secret: () => secretCauses(item, before),
    Namespace: () => namespaceCauses(item),
    Role: () => ruleCauses(item),
    ClusterRole: () => ruleCauses(item),
    RoleBinding: () => bindingCauses(item, before),
    ClusterRoleBinding: () => bindingCauses(item, before),
  }[resource.kind]
  const causes = [
    ...metadataCauses(resource, item),
    ...(own?.() ?? []),
    ...(isCustom(resource) ? componentCauses(item) : []),
  ]
  if (causes.length > 0) throw invalid(resource, item.metadata.name ?? '', causes)
}

/** Why a key of a label is none (IsQualifiedName), each with the text of the API server. */
export function qualifiedProblems(key: string): string[] {
  const parts = key.split('/')
  if (parts.length > 2) {
    const text = mustConsist('a qualified name', ANY, ["'MyName'", "'my.name'", "'123-abc'"], QUALIFIED)
    return [`${text} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  }
  const name = parts.at(-1) ?? ''
  const prefix = parts.length === 2 ? (parts[0] ?? '') : undefined
  const ofPrefix =
    prefix === undefined ? [] : prefix === '' ? ['prefix part must be non-empty'] : subdomainProblems(prefix)
  return [
    ...ofPrefix.map((text) => (prefix === '' ? text : `prefix part ${text}`)),
    ...(name === '' ? ['name part must be non-empty'] : []),
    ...(name.length > LONGEST_LABEL ? [`name part must be no more than ${LONGEST_LABEL} characters`] : []),
    ...(whole(QUALIFIED, name)
      ? []
      : [mustConsist('name part', ANY, ["'MyName'", "'my.name'", "'123-abc'"], QUALIFIED)]),
  ]
}

/** Why a value of a label is none (IsValidLabelValue). */
export function labelValueProblems(value: string): string[] {
  return [
    ...(value.length > LONGEST_LABEL ? [`must be no more than ${LONGEST_LABEL} characters`] : []),
    ...(whole(VALUE, value)
      ? []
      : [mustConsist('a valid label', `an empty string or ${OF_ANY}`, ["'MyValue'", "'my_value'", "'12345'"], VALUE)]),
  ]
}

const OF_ANY =
  "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const ANY = OF_ANY
const OF_SMALL = (also: string) =>
  `consist of lower case alphanumeric characters${also}, and must start and end with an alphanumeric character`

function mustConsist(what: string, of: string, examples: string[], pattern: string): string {
  const must = of.startsWith('an empty') ? `must be ${of}` : `must ${of}`
  return `${what} ${must} (e.g. ${examples.join(',  or ')}, regex used for validation is '${pattern}')`
}

function subdomainProblems(name: string): string[] {
  const text = mustConsist('a lowercase RFC 1123 subdomain', OF_SMALL(", '-' or '.'"), ["'example.com'"], SUBDOMAIN)
  return [
    ...(name.length > LONGEST_SUBDOMAIN ? [`must be no more than ${LONGEST_SUBDOMAIN} characters`] : []),
    ...(whole(SUBDOMAIN, name) ? [] : [text]),
  ]
}

function labelProblems(name: string): string[] {
  const text = mustConsist('a lowercase RFC 1123 label', OF_SMALL(" or '-'"), ["'my-name'", "'123-abc'"], LABEL)
  return [
    ...(name.length > LONGEST_LABEL ? [`must be no more than ${LONGEST_LABEL} characters`] : []),
    ...(whole(LABEL, name) ? [] : [text]),
  ]
}

function whole(pattern: string, text: string): boolean {
  return new RegExp(`^(?:${pattern})$`).test(text)
}

/** A value that is wrong; `shown` is how Go prints it. */
export function wrong(field: string, shown: string, text: string): Cause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${shown}: ${text}`, field }
}

/** A value that is missing. */
export function required(field: string, text = ''): Cause {
  return { reason: 'FieldValueRequired', message: `Required value${text ? `: ${text}` : ''}`, field }
}

function forbiddenField(field: string, text: string): Cause {
  return { reason: 'FieldValueForbidden', message: `Forbidden: ${text}`, field }
}

/** A value that has too many bytes. */
export function tooLong(field: string, most: number): Cause {
  return { reason: 'FieldValueTooLong', message: `Too long: must have at most ${most} bytes`, field }
}

function metadataCauses(resource: Resource, { metadata }: Item): Cause[] {
  const problemsOf =
    resource.kind === 'Namespace' ? labelProblems : isRbac(resource) ? pathSegmentProblems : subdomainProblems
  const { name, generateName } = metadata
  const quoted = (field: string, value: string, problems: string[]) =>
    problems.map((text) => wrong(field, JSON.stringify(value), text))
  const annotations = Object.entries(metadata.annotations ?? {})
  const size = annotations.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)
  const ofName = name
    ? quoted('metadata.name', name, problemsOf(name))
    : [required('metadata.name', 'name or generateName is required')]
  const ofGenerated =
    typeof generateName === 'string'
      ? quoted('metadata.generateName', generateName, problemsOf(generateName.replace(/-$/, 'a')))
      : []
  return [
    ...ofGenerated,
    ...ofName,
    ...Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => [
      ...quoted('metadata.labels', key, qualifiedProblems(key)),
      ...quoted('metadata.labels', value, labelValueProblems(value)),
    ]),
    ...annotations.flatMap(([key]) => quoted('metadata.annotations', key, qualifiedProblems(key.toLowerCase()))),
    ...(size > MOST_ANNOTATIONS ? [tooLong('metadata.annotations', MOST_ANNOTATIONS)] : []),
  ]
}

function isRbac({ group }: Resource): boolean {
  return group === 'rbac.authorization.k8s.io'
}

function pathSegmentProblems(name: string): string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`]
  return ['/', '%'].filter((character) => name.includes(character)).map((character) => `may not contain '${character}'`)
}

function namespaceCauses(item: Item): Cause[] {
  const names = (isRecord(item.spec) ? (item.spec.finalizers as string[] | undefined) : undefined) ?? []
  return names
    .filter((name) => name !== 'kubernetes' && !name.includes('/'))
    .map((name) =>
      wrong(
        'spec.finalizers',
        JSON.stringify(name),
        'name is neither a standard finalizer name nor is it fully qualified',
      ),
    )
}

/** What each type of Secret must hold; the odd texts of basic-auth and ssh-auth are those of 1.20. */
const HELD: Record<string, [key: string, field: string][]> = {
  'kubernetes.io/dockercfg': [['.dockercfg', 'data[.dockercfg]']],
  'kubernetes.io/dockerconfigjson': [['.dockerconfigjson', 'data[.dockerconfigjson]']],
  'kubernetes.io/ssh-auth': [['ssh-privatekey', 'data[%s][ssh-privatekey]']],
  'kubernetes.io/tls': [
    ['tls.crt', 'data[tls.crt]'],
    ['tls.key', 'data[tls.key]'],
  ],
}
const SERVICE_ACCOUNT_NAME = 'kubernetes.io/service-account.name'

function secretCauses(item: Item, before: Item | undefined): Cause[] {
  const data = (item.data ?? {}) as Record<string, string>
  const sizes = Object.values(data).map((value) => Buffer.from(value, 'base64').length)
  const keys = Object.keys(data).flatMap((key) =>
    keyProblems(key).map((text) => wrong(`data[${key}]`, JSON.stringify(key), text)),
  )
  const size = sizes.reduce((sum, length) => sum + length, 0)
  return [
    ...(before ? unchangeable(before, item) : []),
    ...keys,
    ...(size > MOST_DATA ? [tooLong('data', MOST_DATA)] : []),
    ...typeCauses(item, data),
  ]
}

function typeCauses({ type, metadata }: Item, data: Record<string, string>): Cause[] {
  if (type === 'kubernetes.io/service-account-token' && !metadata.annotations?.[SERVICE_ACCOUNT_NAME]) {
    return [required(`metadata.annotations[${SERVICE_ACCOUNT_NAME}]`)]
  }
  if (type === 'kubernetes.io/basic-auth' && !('username' in data || 'password' in data)) {
    return [required('data[%s][username]'), required('data[%s][password]')]
  }
  const held = HELD[String(type)] ?? []
  return held.filter(([key]) => !(key in data)).map(([, field]) => required(field))
}

function keyProblems(key: string): string[] {
  const text = mustConsist('a valid config key', "consist of alphanumeric characters, '-', '_' or '.'", KEYS, KEY)
  const dots =
    key === '.' || key === '..' ? [`must not be '${key}'`] : key.startsWith('..') ? ["must not start with '..'"] : []
  return [
    ...(key.length > LONGEST_SUBDOMAIN ? [`must be no more than ${LONGEST_SUBDOMAIN} characters`] : []),
    ...(whole(KEY, key) ? [] : [text]),
    ...dots,
  ]
}

const KEYS = ["'key.name'", "'KEY_NAME'", "'key-name'"]

/** What the API server never changes in a Secret. */
function unchangeable(before: Item, after: Item): Cause[] {
  const frozen = 'field is immutable when `immutable` is set'
  const isFrozen = before.immutable === true
  const sameData = JSON.stringify(before.data ?? {}) === JSON.stringify(after.data ?? {})
  return [
    ...(before.type === after.type ? [] : [wrong('type', JSON.stringify(after.type), 'field is immutable')]),
    ...(isFrozen && after.immutable !== true ? [forbiddenField('immutable', frozen)] : []),
    ...(isFrozen && !sameData ? [forbiddenField('data', frozen)] : []),
  ]
}

function ruleCauses(item: Item): Cause[] {
  const rules = (item.rules ?? []) as Record<string, string[] | undefined>[]
  return rules.flatMap((rule, index) => [
    ...(item.kind === 'Role' && rule.nonResourceURLs?.length ? [pathsInNamespace(index, rule.nonResourceURLs)] : []),
    ...(rule.verbs?.length ? [] : [required(`rules[${index}].verbs`, 'verbs must contain at least one value')]),
    ...(rule.nonResourceURLs?.length || rule.apiGroups?.length
      ? []
      : [required(`rules[${index}].apiGroups`, 'resource rules must supply at least one api group')]),
    ...(rule.nonResourceURLs?.length || rule.resources?.length
      ? []
      : [required(`rules[${index}].resources`, 'resource rules must supply at least one resource')]),
  ])
}

function pathsInNamespace(index: number, paths: string[]): Cause {
  const shown = `[]string{${paths.map((path) => JSON.stringify(path)).join(', ')}}`
  return wrong(`rules[${index}].nonResourceURLs`, shown, 'namespaced rules cannot apply to non-resource URLs')
}

function bindingCauses(item: Item, before: Item | undefined): Cause[] {
  const { apiGroup = '', kind = '', name = '' } = (item.roleRef ?? {}) as Record<string, string>
  if (before && JSON.stringify(before.roleRef) !== JSON.stringify(item.roleRef)) {
    const shown = `rbac.RoleRef{APIGroup:${JSON.stringify(apiGroup)}, Kind:${JSON.stringify(kind)}, Name:${JSON.stringify(name)}}`
    return [wrong('roleRef', shown, 'cannot change roleRef')]
  }
  const kinds = item.kind === 'RoleBinding' ? ['Role', 'ClusterRole'] : ['ClusterRole']
  const supported = kinds.map((known) => JSON.stringify(known)).join(', ')
  const unsupported = {
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${JSON.stringify(kind)}: supported values: ${supported}`,
    field: 'roleRef.kind',
  }
  const subjects = (Array.isArray(item.subjects) ? item.subjects : []) as { name?: string }[]
  return [
    ...(kinds.includes(kind) ? [] : [unsupported]),
    ...(name ? [] : [required('roleRef.name')]),
    ...subjects.flatMap((subject, index) => (subject.name ? [] : [required(`subjects[${index}].name`)])),
  ]
}

/** One request that is sent to both servers, in this order: later ones build on earlier ones. */
export interface Sent {
  /** What it tries; unique. */
  name: string
  method: string
  /** Path and query; `NS` stands for the namespace of this run, `NS-x` for another one of its own. */
  path: string
  body?: unknown
  /** Sent as it is in place of `body`. */
  text?: string
  /** JSON, or the type of an apply for PATCH, unless told. */
  type?: string
  accept?: string
  /** What was written before it must have been taken up: a real server judges rights by what it knew a moment ago. */
  settled?: true
  /** User to act as; the administrator unless told. `nobody`: no login, `stranger`: a token that no server knows. */
  as?: string
}

const SECRETS = '/api/v1/namespaces/NS/secrets'
const NAMESPACES = '/api/v1/namespaces'
const COMPONENTS = '/apis/dapr.io/v1alpha1/namespaces/NS/components'
const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const MERGE = 'application/merge-patch+json'
const STRATEGIC = 'application/strategic-merge-patch+json'
const JSON_PATCH = 'application/json-patch+json'
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json'
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json'

type Metadata = Record<string, unknown>
type Fields = Record<string, unknown>

const secret = (metadata: string | Metadata, more: Fields = { data: { A: 'YQ==' } }) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: typeof metadata === 'string' ? { name: metadata } : metadata,
  ...more,
})
const namespace = (metadata: string | Metadata, more: Fields = {}) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: typeof metadata === 'string' ? { name: metadata } : metadata,
  ...more,
})
const component = (metadata: string | Metadata, spec?: unknown, more: Fields = {}) => ({
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Component',
  metadata: typeof metadata === 'string' ? { name: metadata } : metadata,
  spec: spec ?? { type: 'state.postgresql', version: 'v2', metadata: [{ name: 'a', value: 'b' }] },
  ...more,
})
const role = (kind: string, name: string, rules: unknown) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind,
  metadata: { name },
  rules,
})
const binding = (kind: string, name: string, roleRef: [kind: string, name: string], subjects: unknown[]) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind,
  metadata: { name },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: roleRef[0], name: roleRef[1] },
  subjects,
})
const user = (name: string) => ({ kind: 'User', name, apiGroup: 'rbac.authorization.k8s.io' })

const get = (name: string, path: string, more: Partial<Sent> = {}): Sent => ({ name, method: 'GET', path, ...more })
const post = (name: string, path: string, body: unknown, more: Partial<Sent> = {}): Sent => ({
  ...{ name, method: 'POST', path, body },
  ...more,
})
const put = (name: string, path: string, body: unknown, more: Partial<Sent> = {}): Sent => ({
  ...{ name, method: 'PUT', path, body },
  ...more,
})
const patch = (name: string, path: string, body: unknown, more: Partial<Sent> = {}): Sent => ({
  ...{ name, method: 'PATCH', path, body },
  ...more,
})
const apply = (name: string, path: string, body: unknown, query = 'fieldManager=ours', more: Partial<Sent> = {}) =>
  patch(name, `${path}?${query}`, body, more)
const remove = (name: string, path: string, more: Partial<Sent> = {}): Sent => ({
  ...{ name, method: 'DELETE', path },
  ...more,
})

const DISCOVERY: Sent[] = [
  get('discovery: the version', '/version'),
  get('discovery: readyz', '/readyz'),
  get('discovery: healthz', '/healthz'),
  get('discovery: livez', '/livez'),
  get('discovery: the versions of the core', '/api'),
  get('discovery: the groups', '/apis'),
  get('discovery: the kinds of the core', '/api/v1'),
  get('discovery: a group', '/apis/rbac.authorization.k8s.io'),
  get('discovery: the kinds of a group', `${RBAC}`),
  get('discovery: the group of custom resources', '/apis/dapr.io'),
  get('discovery: the kinds of custom resources', '/apis/dapr.io/v1alpha1'),
  get('discovery: a group that is not there', '/apis/nothing.example.com'),
  get('discovery: the kinds of a group that is not there', '/apis/nothing.example.com/v1'),
  get('discovery: a version that is not there', '/apis/dapr.io/v9'),
  get('discovery: a version of the core that is not there', '/api/v9'),
  get('discovery: a path that is not there', '/nothing'),
  get('discovery: objects of a group that is not there', '/apis/nothing.example.com/v1/namespaces/NS/things'),
  get('discovery: objects of a kind that is not there', '/api/v1/namespaces/NS/things'),
  get('discovery: an object of a kind that is not there', '/api/v1/namespaces/NS/things/one'),
  get('discovery: a description of version 3', '/openapi/v3'),
]

const LOGIN: Sent[] = [
  get('login: none', `${SECRETS}/a`, { as: 'nobody' }),
  get('login: none, the version', '/version', { as: 'nobody' }),
  get('login: none, discovery', '/api/v1', { as: 'nobody' }),
  get('login: none, readyz', '/readyz', { as: 'nobody' }),
  get('login: a token that nobody knows', `${SECRETS}/a`, { as: 'stranger' }),
  get('login: a token that nobody knows, the version', '/version', { as: 'stranger' }),
]

const NAMESPACE_NAMES: [name: string, metadata: Metadata][] = [
  ['with a capital', { name: 'Shop' }],
  ['with a dot', { name: 'a.b' }],
  ['with an underscore', { name: 'a_b' }],
  ['of 64 characters', { name: 'a'.repeat(64) }],
  ['that begins with a hyphen', { name: '-a' }],
  ['that is empty', { name: '' }],
  ['that is not given', {}],
  ['with a slash', { name: 'a/b' }],
  ['of 64 characters with a capital', { name: `A${'a'.repeat(63)}` }],
]

const NAMESPACE: Sent[] = [
  post('namespace: made', NAMESPACES, namespace('NS')),
  get('namespace: read', `${NAMESPACES}/NS`),
  post('namespace: made again', NAMESPACES, namespace('NS')),
  post('namespace: made by a named manager, with labels', `${NAMESPACES}?fieldManager=someone`, {
    ...namespace({ name: 'NS-b', labels: { team: 'data', z: '' }, annotations: { note: 'x' } }),
  }),
  get('namespace: not there', `${NAMESPACES}/NS-none`),
  ...NAMESPACE_NAMES.map(([name, metadata]) => post(`namespace: a name ${name}`, NAMESPACES, namespace(metadata))),
  post('namespace: for a try', `${NAMESPACES}?dryRun=All`, namespace('NS-dry')),
  get('namespace: made for a try only', `${NAMESPACES}/NS-dry`),
  post('namespace: for a try of another kind', `${NAMESPACES}?dryRun=Some`, namespace('NS-dry')),
  post('namespace: a label with a space', NAMESPACES, namespace({ name: 'NS-l', labels: { a: 'b c' } })),
  post('namespace: a label of 64 characters', NAMESPACES, namespace({ name: 'NS-l', labels: { a: 'b'.repeat(64) } })),
  post('namespace: a label without a name', NAMESPACES, namespace({ name: 'NS-l', labels: { 'a/': 'b' } })),
  post('namespace: a label with two slashes', NAMESPACES, namespace({ name: 'NS-l', labels: { 'a/b/c': 'd' } })),
  post(
    'namespace: a label whose prefix is no domain',
    NAMESPACES,
    namespace({ name: 'NS-l', labels: { 'A_/b': 'd' } }),
  ),
  post('namespace: an annotation without a name', NAMESPACES, namespace({ name: 'NS-l', annotations: { '': 'b' } })),
  post(
    'namespace: annotations above 256 KiB',
    NAMESPACES,
    namespace({ name: 'NS-l', annotations: { a: 'x'.repeat(262_144) } }),
  ),
  post('namespace: a label that is a number', NAMESPACES, namespace({ name: 'NS-l', labels: { a: 1 } })),
  post('namespace: another kind', NAMESPACES, secret('NS-l')),
  post('namespace: another version', NAMESPACES, { ...namespace('NS-l'), apiVersion: 'v2' }),
  post('namespace: no kind', NAMESPACES, { metadata: { name: 'NS-k' } }),
  post('namespace: no JSON', NAMESPACES, undefined, { text: '{"apiVersion":"v1","kind":"Namespace","meta' }),
  post('namespace: no body', NAMESPACES, undefined),
  post('namespace: a list', NAMESPACES, undefined, { text: '[]' }),
  post('namespace: a body of another type', NAMESPACES, undefined, { text: 'x', type: 'text/plain' }),
  post('namespace: a field that Kubernetes does not know', NAMESPACES, namespace('NS-f', { unknown: { a: 1 } })),
  post('namespace: with a resourceVersion', NAMESPACES, namespace({ name: 'NS-v', resourceVersion: '1' })),
  post('namespace: at the address of one', `${NAMESPACES}/NS`, namespace('NS')),
  get('namespace: as a table', `${NAMESPACES}/NS-b`, { accept: TABLE }),
  get('namespace: its metadata alone', `${NAMESPACES}/NS-b`, { accept: METADATA }),
  put('namespace: replaced, a label added', `${NAMESPACES}/NS-b?fieldManager=other`, {
    ...namespace({ name: 'NS-b', labels: { team: 'data', more: 'x' } }),
  }),
  put('namespace: replaced under another name', `${NAMESPACES}/NS-b`, namespace('NS-other')),
  put('namespace: replaced where none is', `${NAMESPACES}/NS-none`, namespace('NS-none')),
  patch(
    'namespace: a merge patch',
    `${NAMESPACES}/NS-b`,
    { metadata: { labels: { more: null, y: 'z' } } },
    { type: MERGE },
  ),
  patch(
    'namespace: a strategic merge patch',
    `${NAMESPACES}/NS-b`,
    { metadata: { labels: { s: 'NS' } } },
    { type: STRATEGIC },
  ),
  patch('namespace: a JSON patch', `${NAMESPACES}/NS-b`, [{ op: 'add', path: '/metadata/labels/j', value: 'k' }], {
    type: JSON_PATCH,
  }),
  patch('namespace: a patch of another type', `${NAMESPACES}/NS-b`, {}, { type: 'application/json' }),
  patch('namespace: a merge patch where none is', `${NAMESPACES}/NS-none`, {}, { type: MERGE }),
  apply('namespace: applied anew', `${NAMESPACES}/NS-applied`, namespace({ name: 'NS-applied', labels: { a: 'b' } })),
  apply('namespace: applied again', `${NAMESPACES}/NS-applied`, namespace({ name: 'NS-applied', labels: { a: 'b' } })),
]

const SELECTORS: Sent[] = [
  ...[
    ['equal', 'team=data'],
    ['equal with two signs', 'team==data'],
    ['not equal', 'team!=data,kubernetes.io/metadata.name notin (x),mark=NS'],
    ['in', 'mark in (NS, other)'],
    ['not in', 'mark=NS,team notin (data)'],
    ['there', 'mark=NS,team'],
    ['not there', 'mark=NS,!team'],
    ['two', 'mark=NS,team=data'],
    ['empty value', 'mark=NS,empty='],
    ['broken', 'team==='],
    ['a value that is none', 'team=b c'],
    ['a key that is none', '_x=y'],
    ['half a list', 'team in (a'],
    ['a number', 'mark=NS,team gt 3'],
  ].map(([name, selector = '']) =>
    get(`selector: ${name}`, `${SECRETS}?${new URLSearchParams({ labelSelector: selector })}`),
  ),
  ...[
    ['by name', 'metadata.name=sel-a'],
    ['by another name', 'metadata.name!=sel-a,type=Opaque'],
    ['by namespace and type', 'metadata.namespace=NS,type=kubernetes.io/basic-auth'],
    ['by a field that has no selector', 'data.A=x'],
    ['broken', 'metadata.name'],
  ].map(([name, selector = '']) =>
    get(`field selector: ${name}`, `${SECRETS}?${new URLSearchParams({ fieldSelector: selector })}`),
  ),
  get('list: as metadata', `${SECRETS}?labelSelector=mark%3DNS`, { accept: METADATA_LIST }),
  get('list: as a table', `${SECRETS}?labelSelector=mark%3DNS`, { accept: TABLE }),
  get('list: one at a time', `${SECRETS}?labelSelector=mark%3DNS&limit=500`),
  get('list: in a namespace that is not there', '/api/v1/namespaces/NS-none/secrets'),
  get('list: of all namespaces', '/api/v1/secrets?labelSelector=mark%3DNS'),
  get('list: namespaces by label', `${NAMESPACES}?labelSelector=s%3DNS`),
  get('list: namespaces by name', `${NAMESPACES}?fieldSelector=metadata.name%3DNS-b`),
  get('list: Components', `${COMPONENTS}?labelSelector=mark%3DNS`),
]

const SELECTED: Sent[] = [
  post('made for selectors: a', SECRETS, secret({ name: 'sel-a', labels: { mark: 'NS', team: 'data' } })),
  post('made for selectors: b', SECRETS, secret({ name: 'sel-b', labels: { mark: 'NS', empty: '' } })),
  post('made for selectors: c', SECRETS, {
    ...secret({ name: 'sel-c', labels: { mark: 'NS', team: 'web' } }, { data: { username: 'dQ==', password: 'cA==' } }),
    type: 'kubernetes.io/basic-auth',
  }),
]

const SECRET: Sent[] = [
  post('secret: made', SECRETS, secret('a', { data: { B: 'Yg==', A: 'YQ==' } })),
  get('secret: read', `${SECRETS}/a`),
  post('secret: made again', SECRETS, secret('a')),
  post('secret: plain text', SECRETS, secret('plain', { stringData: { A: 'text' }, data: { B: 'Yg==' } })),
  post('secret: without data', SECRETS, secret('empty', {})),
  post('secret: labels, annotations and a manager', `${SECRETS}?fieldManager=someone`, {
    ...secret({ name: 'rich', labels: { b: 'c', a: '' }, annotations: { 'x.example.com/y': 'z' } }),
  }),
  get('secret: not there', `${SECRETS}/none`),
  post('secret: in a namespace that is not there', '/api/v1/namespaces/NS-none/secrets', secret('a')),
  get('secret: read in a namespace that is not there', '/api/v1/namespaces/NS-none/secrets/a'),
  post('secret: the namespace of the body is another', SECRETS, secret({ name: 'x', namespace: 'NS-b' })),
  ...(
    [
      ['with a capital', 'Bad'],
      ['with an underscore', 'Bad_Name'],
      ['of 254 characters', 'a'.repeat(254)],
      ['that ends with a dot', 'a.'],
      ['that is a dot', '.'],
      ['that is empty', ''],
    ] as const
  ).map(([name, value]) => post(`secret: a name ${name}`, SECRETS, secret(value))),
  post('secret: a name with dots', SECRETS, secret('a.b-c.d')),
  post('secret: a made-up name', SECRETS, secret({ generateName: 'UPPER-' })),
  ...(
    [
      ['with a space', { 'a b': 'YQ==' }],
      ['that is empty', { '': 'YQ==' }],
      ['that is two dots', { '..': 'YQ==' }],
      ['of 254 characters', { ['k'.repeat(254)]: 'YQ==' }],
      ['with a slash', { 'a/b': 'YQ==' }],
    ] as const
  ).map(([name, data]) => post(`secret: a key ${name}`, SECRETS, secret('k', { data }))),
  post('secret: a value that is no base64', SECRETS, secret('k', { data: { A: 'not base64!' } })),
  post('secret: a value that is a number', SECRETS, secret('k', { data: { A: 1 } })),
  post('secret: above 1 MiB', SECRETS, secret('k', { data: { A: Buffer.alloc(1_048_577).toString('base64') } })),
  post('secret: a label with a space', SECRETS, secret({ name: 'k', labels: { a: 'b c' } })),
  post('secret: basic-auth without a password', SECRETS, secret('k', { type: 'kubernetes.io/basic-auth' })),
  post('secret: tls without a key', SECRETS, secret('k', { type: 'kubernetes.io/tls' })),
  post('secret: dockerconfigjson without its key', SECRETS, secret('k', { type: 'kubernetes.io/dockerconfigjson' })),
  post('secret: of a type of its own', SECRETS, secret('typed', { type: 'example.com/own', data: { A: 'YQ==' } })),
  post('secret: immutable', SECRETS, secret('frozen', { immutable: true, data: { A: 'YQ==' } })),
  put('secret: another type', `${SECRETS}/typed`, secret('typed', { type: 'Opaque' })),
  put(
    'secret: other data of an immutable one',
    `${SECRETS}/frozen`,
    secret('frozen', { immutable: true, data: { A: 'Yg==' } }),
  ),
  put('secret: an immutable one made mutable', `${SECRETS}/frozen`, secret('frozen', { immutable: false })),
  put('secret: replaced', `${SECRETS}/a?fieldManager=editor`, secret('a', { data: { B: 'Yg==', C: 'Yw==' } })),
  put(
    'secret: replaced by the same',
    `${SECRETS}/a?fieldManager=editor`,
    secret('a', { data: { B: 'Yg==', C: 'Yw==' } }),
  ),
  put('secret: replaced at an old version', `${SECRETS}/a`, secret({ name: 'a', resourceVersion: '1' })),
  put('secret: replaced at a version that is none', `${SECRETS}/a`, secret({ name: 'a', resourceVersion: 'x' })),
  put('secret: replaced under another name', `${SECRETS}/a`, secret('b')),
  put('secret: replaced without a name', `${SECRETS}/a`, secret({})),
  put(
    'secret: replaced with another uid',
    `${SECRETS}/a`,
    secret({ name: 'a', uid: '00000000-0000-0000-0000-000000000000' }),
  ),
  put('secret: replaced where none is', `${SECRETS}/none`, secret('none')),
  put('secret: replaced in a namespace that is not there', '/api/v1/namespaces/NS-none/secrets/a', secret('a')),
  post('secret: for a try', `${SECRETS}?dryRun=All`, secret('dry')),
  get('secret: made for a try only', `${SECRETS}/dry`),
  post('secret: a manager of 129 characters', `${SECRETS}?fieldManager=${'m'.repeat(129)}`, secret('k')),
  post('secret: a manager with a control character', `${SECRETS}?fieldManager=a%01b`, secret('k')),
  patch('secret: a merge patch', `${SECRETS}/a?fieldManager=merger`, { data: { C: null, D: 'ZA==' } }, { type: MERGE }),
  patch(
    'secret: a merge patch that changes nothing',
    `${SECRETS}/a?fieldManager=merger`,
    { data: { D: 'ZA==' } },
    { type: MERGE },
  ),
  patch('secret: a merge patch with force', `${SECRETS}/a?force=true`, { data: {} }, { type: MERGE }),
  patch('secret: a JSON patch with a test that fails', `${SECRETS}/a`, [{ op: 'test', path: '/data/D', value: 'x' }], {
    type: JSON_PATCH,
  }),
  patch('secret: a strategic merge patch', `${SECRETS}/a`, { stringData: { S: 's' } }, { type: STRATEGIC }),
  get('secret: as a table', `${SECRETS}/a`, { accept: TABLE }),
  get('secret: its metadata alone', `${SECRETS}/a`, { accept: METADATA }),
  get('secret: a subresource that is not there', `${SECRETS}/a/status`),
  post('secret: made at the address of one', `${SECRETS}/a`, secret('a')),
]

const APPLIED = `${SECRETS}/applied`
const APPLY: Sent[] = [
  apply('apply: anew', APPLIED, secret('applied', { type: 'Opaque', data: { A: 'YQ==', B: 'Yg==' } })),
  apply('apply: the same again', APPLIED, secret('applied', { type: 'Opaque', data: { A: 'YQ==', B: 'Yg==' } })),
  apply('apply: a key less', APPLIED, secret('applied', { type: 'Opaque', data: { A: 'YQ==' } })),
  apply(
    'apply: another manager, another key',
    APPLIED,
    secret('applied', { data: { C: 'Yw==' } }),
    'fieldManager=theirs',
  ),
  apply(
    'apply: another manager, the same value',
    APPLIED,
    secret('applied', { data: { A: 'YQ==', C: 'Yw==' } }),
    'fieldManager=theirs',
  ),
  apply(
    'apply: another manager, another value',
    APPLIED,
    secret('applied', { data: { A: 'eA==' } }),
    'fieldManager=third',
  ),
  apply('apply: two conflicts', APPLIED, secret('applied', { data: { A: 'eA==', C: 'eA==' } }), 'fieldManager=third'),
  apply('apply: forced', APPLIED, secret('applied', { data: { A: 'eA==' } }), 'fieldManager=third&force=true'),
  apply('apply: ours again, after it was taken', APPLIED, secret('applied', { type: 'Opaque', data: { A: 'YQ==' } })),
  put(
    'apply: an update in between',
    `${APPLIED}?fieldManager=kubectl-edit`,
    secret('applied', { type: 'Opaque', data: { A: 'eQ==', C: 'Yw==' } }),
  ),
  apply('apply: over an update', APPLIED, secret('applied', { data: { A: 'YQ==' } })),
  apply(
    'apply: over an update, forced',
    APPLIED,
    secret('applied', { data: { A: 'YQ==' } }),
    'fieldManager=ours&force=true',
  ),
  get('apply: what is left of it', APPLIED),
  apply('apply: labels and annotations', `${SECRETS}/marked`, {
    ...secret({ name: 'marked', labels: { l: '1' }, annotations: { n: '1' } }),
  }),
  apply(
    'apply: a label in conflict',
    `${SECRETS}/marked`,
    secret({ name: 'marked', labels: { l: '2' } }, {}),
    'fieldManager=theirs',
  ),
  apply('apply: no manager', APPLIED, secret('applied'), ''),
  apply('apply: force that is none', APPLIED, secret('applied'), 'fieldManager=ours&force=perhaps'),
  apply('apply: at an old version', APPLIED, secret({ name: 'applied', resourceVersion: '1' })),
  apply('apply: anew at a version', `${SECRETS}/versioned`, secret({ name: 'versioned', resourceVersion: '1' })),
  apply('apply: at version 0', APPLIED, secret({ name: 'applied', resourceVersion: '0' })),
  apply('apply: a version that is none', APPLIED, secret({ name: 'applied', resourceVersion: 'x' })),
  apply(
    'apply: with managedFields',
    APPLIED,
    secret({ name: 'applied', managedFields: [{ manager: 'x', operation: 'Apply' }] }),
  ),
  apply('apply: under another name', APPLIED, secret('other')),
  apply('apply: without a name', APPLIED, secret({})),
  apply('apply: in another namespace', APPLIED, secret({ name: 'applied', namespace: 'NS-b' })),
  apply('apply: another kind', APPLIED, namespace('applied')),
  apply('apply: another version of the API', APPLIED, { ...secret('applied'), apiVersion: 'v2' }),
  apply('apply: no kind', APPLIED, { metadata: { name: 'applied' } }),
  apply('apply: as YAML', `${SECRETS}/yaml`, undefined, 'fieldManager=ours', {
    text: 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: yaml\ndata:\n  A: YQ==\n',
  }),
  apply('apply: YAML that is broken', `${SECRETS}/yaml`, undefined, 'fieldManager=ours', { text: 'a: [b' }),
  apply('apply: a field that Kubernetes does not know', `${SECRETS}/unknown`, secret('unknown', { nothing: 1 })),
  apply('apply: a name that is none', `${SECRETS}/Bad_Name`, secret('Bad_Name')),
  apply('apply: a key that is none', `${SECRETS}/k`, secret('k', { data: { 'a b': 'YQ==' } })),
  apply('apply: a value that is no base64', `${SECRETS}/k`, secret('k', { data: { A: '?' } })),
  apply('apply: in a namespace that is not there', '/api/v1/namespaces/NS-none/secrets/a', secret('a')),
  apply(
    'apply: a name that is none in a namespace that is not there',
    '/api/v1/namespaces/NS-none/secrets/Bad_Name',
    secret('Bad_Name'),
  ),
  apply('apply: for a try', `${SECRETS}/dry-applied`, secret('dry-applied'), 'fieldManager=ours&dryRun=All'),
  get('apply: what was for a try is not there', `${SECRETS}/dry-applied`),
  apply('apply: plain text', `${SECRETS}/plain-applied`, secret('plain-applied', { stringData: { A: 'a' } })),
  apply('apply: another type', `${SECRETS}/typed`, secret('typed', { type: 'Opaque' }), 'fieldManager=ours&force=true'),
  apply(
    'apply: other data of an immutable one',
    `${SECRETS}/frozen`,
    secret('frozen', { data: { A: 'eg==' } }),
    'fieldManager=ours&force=true',
  ),
]

const DELETE: Sent[] = [
  remove('delete: another uid', `${SECRETS}/rich`, { body: { preconditions: { uid: 'not-its-uid' } } }),
  remove('delete: another version', `${SECRETS}/rich`, { body: { preconditions: { resourceVersion: '1' } } }),
  remove('delete: for a try', `${SECRETS}/rich?dryRun=All`),
  remove('delete: done', `${SECRETS}/rich`),
  remove('delete: done already', `${SECRETS}/rich`),
  remove('delete: options of another kind', `${SECRETS}/plain`, { body: { kind: 'Secret', apiVersion: 'v1' } }),
  remove('delete: where no namespace is', '/api/v1/namespaces/NS-none/secrets/a'),
  remove('delete: a collection by label', `${SECRETS}?labelSelector=mark%3DNS`),
  remove('delete: a namespace that is not there', `${NAMESPACES}/NS-none`),
  remove('delete: a namespace of another uid', `${NAMESPACES}/NS-b`, {
    body: { preconditions: { uid: 'not-its-uid' } },
  }),
  remove('delete: all namespaces', NAMESPACES),
]

const CUSTOM: Sent[] = [
  post('component: made', COMPONENTS, component({ name: 'one', labels: { mark: 'NS' } })),
  get('component: read', `${COMPONENTS}/one`),
  post('component: made again', COMPONENTS, component('one')),
  get('component: not there', `${COMPONENTS}/none`),
  post('component: no spec.type', COMPONENTS, component('bad', { version: 'v1', metadata: [] })),
  post('component: nothing of spec', COMPONENTS, component('bad', {})),
  post('component: a number for a text', COMPONENTS, component('bad', { type: 1, version: 'v1', metadata: [] })),
  post(
    'component: an item without a name',
    COMPONENTS,
    component('bad', { type: 'a', version: 'v1', metadata: [{ value: 'x' }] }),
  ),
  post('component: a name that is none', COMPONENTS, component('Bad_Name')),
  post('component: another version', COMPONENTS, { ...component('bad'), apiVersion: 'dapr.io/v9' }),
  post('component: another kind', COMPONENTS, { ...component('bad'), kind: 'Thing' }),
  post(
    'component: fields that the schema does not know',
    COMPONENTS,
    component('pruned', { type: 'a', version: 'v1', metadata: [], more: 1 }, { extra: true }),
  ),
  post('component: no namespace', '/apis/dapr.io/v1alpha1/namespaces/NS-none/components', component('one')),
  apply('component: applied', `${COMPONENTS}/applied`, component('applied')),
  apply('component: applied again', `${COMPONENTS}/applied`, component('applied')),
  apply(
    'component: applied, a list changed',
    `${COMPONENTS}/applied`,
    component('applied', {
      type: 'state.postgresql',
      version: 'v2',
      metadata: [{ name: 'c', secretKeyRef: { name: 's', key: 'k' } }],
    }),
  ),
  apply(
    'component: in conflict',
    `${COMPONENTS}/applied`,
    component('applied', { type: 'state.redis', version: 'v1', metadata: [] }),
    'fieldManager=theirs',
  ),
  apply('component: applied without its type', `${COMPONENTS}/bad`, component('bad', { version: 'v1', metadata: [] })),
  apply('component: applied with a name that is none', `${COMPONENTS}/Bad_Name`, component('Bad_Name')),
  put('component: replaced without a version', `${COMPONENTS}/one`, component('one')),
  put('component: replaced at an old version', `${COMPONENTS}/one`, component({ name: 'one', resourceVersion: '1' })),
  patch(
    'component: a merge patch',
    `${COMPONENTS}/one?fieldManager=merger`,
    { spec: { version: 'v1' } },
    { type: MERGE },
  ),
  patch('component: a strategic merge patch', `${COMPONENTS}/one`, { spec: { version: 'v1' } }, { type: STRATEGIC }),
  apply(
    'component: applied with a field that the schema does not know',
    `${COMPONENTS}/applied`,
    component('applied', undefined, { extra: 1 }),
  ),
  remove('component: another uid', `${COMPONENTS}/one`, { body: { preconditions: { uid: 'not-its-uid' } } }),
  get('component: as a table', `${COMPONENTS}/pruned`, { accept: TABLE }),
  remove('component: deleted', `${COMPONENTS}/one`),
  remove('component: deleted already', `${COMPONENTS}/one`),
]

const ROLES = `${RBAC}/namespaces/NS/roles`
const BINDINGS = `${RBAC}/namespaces/NS/rolebindings`
const RIGHTS: Sent[] = [
  get('rights: none, get', `${SECRETS}/a`, { as: 'alice' }),
  get('rights: none, list', SECRETS, { as: 'alice' }),
  get('rights: none, list of all namespaces', '/api/v1/secrets', { as: 'alice' }),
  post('rights: none, create', SECRETS, secret('x'), { as: 'alice' }),
  apply('rights: none, apply', `${SECRETS}/x`, secret('x'), 'fieldManager=a', { as: 'alice' }),
  put('rights: none, replace', `${SECRETS}/a`, secret('a'), { as: 'alice' }),
  remove('rights: none, delete', `${SECRETS}/a`, { as: 'alice' }),
  remove('rights: none, delete a collection', SECRETS, { as: 'alice' }),
  get('rights: none, a namespace', `${NAMESPACES}/NS`, { as: 'alice' }),
  post('rights: none, make a namespace', NAMESPACES, namespace('NS-x'), { as: 'alice' }),
  get('rights: none, a kind that is not there', '/api/v1/namespaces/NS/things', { as: 'alice' }),
  get('rights: none, a group that is not there', '/apis/nothing.example.com/v1/namespaces/NS/things', { as: 'alice' }),
  get('rights: none, discovery', '/apis/dapr.io/v1alpha1', { as: 'alice' }),
  get('rights: none, the version', '/version', { as: 'alice' }),
  get('rights: none, a path that is not there', '/nothing', { as: 'alice' }),
  get('rights: none, a Component', `${COMPONENTS}/one`, { as: 'alice' }),
  post(
    'rights: none, a token',
    '/api/v1/namespaces/NS/serviceaccounts/default/token',
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    { as: 'alice' },
  ),
  post(
    'rights: a role for one name',
    ROLES,
    role('Role', 'one', [
      {
        apiGroups: [''],
        resources: ['secrets'],
        resourceNames: ['a', 'new'],
        verbs: ['get', 'list', 'patch', 'delete'],
      },
    ]),
  ),
  post('rights: its binding', BINDINGS, binding('RoleBinding', 'one', ['Role', 'one'], [user('alice')])),
  get('rights: the name, get', `${SECRETS}/a`, { settled: true, as: 'alice' }),
  get('rights: another name, get', `${SECRETS}/applied`, { as: 'alice' }),
  get('rights: the name, list', SECRETS, { as: 'alice' }),
  get('rights: the name, list by that name', `${SECRETS}?fieldSelector=metadata.name%3Da`, { as: 'alice' }),
  get('rights: the name, list by another name', `${SECRETS}?fieldSelector=metadata.name%3Dapplied`, { as: 'alice' }),
  apply(
    'rights: the name, apply what is there',
    `${SECRETS}/a`,
    secret('a', { data: { Z: 'eg==' } }),
    'fieldManager=a',
    { as: 'alice' },
  ),
  apply('rights: the name, apply anew', `${SECRETS}/new`, secret('new'), 'fieldManager=a', { as: 'alice' }),
  apply('rights: another name, apply', `${SECRETS}/applied`, secret('applied'), 'fieldManager=a', { as: 'alice' }),
  remove('rights: another name, delete', `${SECRETS}/applied`, { as: 'alice' }),
  get('rights: the name in another namespace', '/api/v1/namespaces/NS-b/secrets/a', { as: 'alice' }),
  post(
    'rights: a role that makes',
    ROLES,
    role('Role', 'maker', [{ apiGroups: ['*'], resources: ['*'], verbs: ['create'] }]),
  ),
  post(
    'rights: the maker’s binding, to a group',
    BINDINGS,
    binding(
      'RoleBinding',
      'maker',
      ['Role', 'maker'],
      [{ kind: 'Group', name: 'system:authenticated', apiGroup: 'rbac.authorization.k8s.io' }],
    ),
  ),
  apply('rights: the name and create, apply anew', `${SECRETS}/new`, secret('new'), 'fieldManager=a', {
    settled: true,
    as: 'alice',
  }),
  post('rights: create, by the group', SECRETS, secret('made-by-bob'), { settled: true, as: 'bob' }),
  get('rights: create alone, get', `${SECRETS}/made-by-bob`, { as: 'bob' }),
  post(
    'rights: a binding to a role that is not there',
    BINDINGS,
    binding('RoleBinding', 'broken', ['Role', 'missing'], [user('carol')]),
  ),
  get('rights: a role that is not there', `${SECRETS}/a`, { settled: true, as: 'carol' }),
  post(
    'rights: a binding to a ClusterRole that is not there',
    BINDINGS,
    binding('RoleBinding', 'broken-2', ['ClusterRole', 'NS-missing'], [user('erin')]),
  ),
  get('rights: a ClusterRole that is not there', `${SECRETS}/a`, { settled: true, as: 'erin' }),
  post(
    'rights: a ClusterRole',
    `${RBAC}/clusterroles`,
    role('ClusterRole', 'NS-reader', [{ apiGroups: [''], resources: ['secrets', 'namespaces'], verbs: ['*'] }]),
  ),
  post(
    'rights: bound in one namespace',
    BINDINGS,
    binding('RoleBinding', 'reader', ['ClusterRole', 'NS-reader'], [user('dave')]),
  ),
  get('rights: in the namespace', `${SECRETS}/a`, { settled: true, as: 'dave' }),
  get('rights: outside of it', '/api/v1/namespaces/NS-b/secrets/a', { as: 'dave' }),
  get('rights: the namespace itself', `${NAMESPACES}/NS`, { as: 'dave' }),
  get('rights: another namespace', `${NAMESPACES}/NS-b`, { as: 'dave' }),
  post('rights: a role without rules', ROLES, { ...role('Role', 'bare', undefined) }),
  post(
    'rights: a rule without verbs',
    ROLES,
    role('Role', 'mute', [{ apiGroups: [''], resources: ['secrets'], verbs: [] }]),
  ),
  post('rights: a rule without resources', ROLES, role('Role', 'mute', [{ apiGroups: [''], verbs: ['get'] }])),
  post('rights: a binding without a role', BINDINGS, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'void' },
    subjects: [],
  }),
  put(
    'rights: a binding to another role',
    `${BINDINGS}/one`,
    binding('RoleBinding', 'one', ['Role', 'maker'], [user('alice')]),
  ),
]

const ACCOUNTS = '/api/v1/namespaces/NS/serviceaccounts'
const tokenRequest = (spec: unknown) => ({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec })
const ACCOUNT: Sent[] = [
  post('account: made', ACCOUNTS, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } }),
  get('account: read', `${ACCOUNTS}/robot`),
  post('account: a token', `${ACCOUNTS}/robot/token`, tokenRequest({ expirationSeconds: 3600 })),
  post('account: a token that ends too soon', `${ACCOUNTS}/robot/token`, tokenRequest({ expirationSeconds: 60 })),
  post('account: a token of an account that is not there', `${ACCOUNTS}/none/token`, tokenRequest({})),
  get('account: its rights', `${SECRETS}/a`, { as: 'system:serviceaccount:NS:robot' }),
]

const HELD = '/api/v1/namespaces/NS-held'
const TERMINATING: Sent[] = [
  post(
    'terminating: a namespace that a finalizer holds',
    NAMESPACES,
    namespace('NS-held', { spec: { finalizers: ['example.com/hold'] } }),
  ),
  post('terminating: a finalizer that is no name', NAMESPACES, namespace('NS-bad', { spec: { finalizers: ['hold'] } })),
  post('terminating: a Secret before', `${HELD}/secrets`, secret('before')),
  remove('terminating: for a try', `${HELD}?dryRun=All`),
  remove('terminating: deleted', HELD),
  get('terminating: read', HELD),
  remove('terminating: deleted again', HELD),
  post('terminating: made again', NAMESPACES, namespace('NS-held')),
  post('terminating: a Secret in it', `${HELD}/secrets`, secret('new')),
  apply('terminating: an apply that makes', `${HELD}/secrets/new`, secret('new')),
  apply(
    'terminating: an apply that makes, for a try',
    `${HELD}/secrets/new`,
    secret('new'),
    'fieldManager=ours&dryRun=All',
  ),
  apply(
    'terminating: an apply on what is there',
    `${HELD}/secrets/before`,
    secret('before', { data: { A: 'eg==' } }),
    'fieldManager=ours&force=true',
  ),
  apply('terminating: an apply with a name that is none', `${HELD}/secrets/Bad_Name`, secret('Bad_Name')),
  post('terminating: a Component in it', '/apis/dapr.io/v1alpha1/namespaces/NS-held/components', component('one')),
  post('terminating: a role in it', `${RBAC}/namespaces/NS-held/roles`, role('Role', 'x', [])),
  post('terminating: a Secret with a name that is none', `${HELD}/secrets`, secret('Bad_Name')),
  post('terminating: a Secret that is there', `${HELD}/secrets`, secret('before')),
  get('terminating: the Secret before', `${HELD}/secrets/before`),
  remove('terminating: the Secret before, deleted', `${HELD}/secrets/before`),
  put('terminating: replaced without its finalizers', HELD, namespace('NS-held', { spec: { finalizers: [] } })),
  patch('terminating: a label in a merge patch', HELD, { metadata: { labels: { a: 'b' } } }, { type: MERGE }),
  put('terminating: finalized', `${HELD}/finalize`, namespace('NS-held', { spec: { finalizers: [] } })),
  get('terminating: gone', HELD),
  put('terminating: finalized again', `${HELD}/finalize`, namespace('NS-held', { spec: { finalizers: [] } })),
  post('terminating: made anew', NAMESPACES, namespace('NS-held')),
]

const MORE: Sent[] = [
  post('more: ssh-auth without a key', SECRETS, secret('k', { type: 'kubernetes.io/ssh-auth' })),
  post('more: dockercfg without its key', SECRETS, secret('k', { type: 'kubernetes.io/dockercfg' })),
  post('more: a token of no account', SECRETS, secret('k', { type: 'kubernetes.io/service-account-token' })),
  post(
    'more: basic-auth with a password alone',
    SECRETS,
    secret('basic', { type: 'kubernetes.io/basic-auth', data: { password: 'cA==' } }),
  ),
  post('more: a key that is a dot', SECRETS, secret('k', { data: { '.': 'YQ==' } })),
  post('more: a key that begins with two dots', SECRETS, secret('k', { data: { '..a': 'YQ==' } })),
  post('more: a value that is null', SECRETS, secret('null', { data: { A: null } })),
  post('more: an empty value', SECRETS, secret('blank', { data: { A: '' } })),
  post('more: data that is empty', SECRETS, secret('hollow', { data: {} })),
  post('more: an empty type', SECRETS, secret('untyped', { type: '' })),
  post(
    'more: a name, a label and a key that are wrong',
    SECRETS,
    secret({ name: 'Bad', labels: { x: 'b c' } }, { data: { 'a b': 'YQ==' } }),
  ),
  post('more: a label with an empty prefix', SECRETS, secret({ name: 'k', labels: { '/a': 'b' } })),
  post('more: a label with a long name', SECRETS, secret({ name: 'k', labels: { [`x.y/${'n'.repeat(64)}`]: 'b' } })),
  post('more: a label that ends with a dot', SECRETS, secret({ name: 'k', labels: { a: 'b.' } })),
  post(
    'more: an annotation with capitals',
    SECRETS,
    secret({ name: 'capital', annotations: { 'Example.COM/Note': 'x' } }),
  ),
  post('more: labels that are null', SECRETS, secret({ name: 'bare', labels: null, annotations: {} })),
  post('more: YAML', SECRETS, undefined, {
    text: 'kind: Secret\nmetadata: { name: from-yaml }\ndata: { A: YQ== }\n',
    type: 'application/yaml',
  }),
  post('more: a charset in the type', SECRETS, secret('charset'), { type: 'application/json; charset=utf-8' }),
  post('more: a uid that was made up', SECRETS, secret({ name: 'uid', uid: 'made-up', selfLink: '/x', generation: 7 })),
  post(
    'more: owners and finalizers',
    SECRETS,
    secret({ name: 'owned', ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'a-b' }] }),
  ),
  get('more: the Secret with an owner', `${SECRETS}/owned`),
  post('more: a role with a slash', ROLES, role('Role', 'a/b', [])),
  post(
    'more: a role with a capital',
    ROLES,
    role('Role', 'Reader', [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }]),
  ),
  post(
    'more: a role with a rule for paths',
    ROLES,
    role('Role', 'paths', [{ nonResourceURLs: ['/x'], verbs: ['get'] }]),
  ),
  post(
    'more: a ClusterRole with a rule for paths',
    `${RBAC}/clusterroles`,
    role('ClusterRole', 'NS-paths', [{ nonResourceURLs: ['/nothing'], verbs: ['get'] }]),
  ),
  post('more: a binding to a role of another kind', BINDINGS, binding('RoleBinding', 'odd', ['Secret', 'x'], [])),
  post(
    'more: a binding of a subject without a name',
    BINDINGS,
    binding('RoleBinding', 'nameless', ['Role', 'x'], [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io' }]),
  ),
  post(
    'more: a ClusterRoleBinding to a Role',
    `${RBAC}/clusterrolebindings`,
    binding('ClusterRoleBinding', 'NS-odd', ['Role', 'x'], []),
  ),
  get('more: a role', `${ROLES}/one`),
  get('more: a binding', `${BINDINGS}/one`),
  remove('more: a role deleted', `${ROLES}/paths`),
  post('more: an account with a name that is none', '/api/v1/namespaces/NS/serviceaccounts', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'Bad_Name' },
  }),
  ...[
    ['a list of nothing', 'mark in ()'],
    ['spaces everywhere', ' mark = NS , team = data '],
    ['a key alone with a comma', 'team,'],
    ['two commas', 'mark=NS,,team'],
    ['a negation of nothing', '!'],
    ['a negation with a value', '!team=data'],
    ['a value that is too long', `team=${'x'.repeat(64)}`],
    ['a prefix', 'x.example.com/a=b'],
    ['notin without brackets', 'team notin data'],
  ].map(([name, selector = '']) =>
    get(`more selectors: ${name}`, `${SECRETS}?${new URLSearchParams({ labelSelector: selector })}`),
  ),
  get('more selectors: a field of Components', `${COMPONENTS}?fieldSelector=metadata.name%3Dapplied`),
  get('more selectors: a field that Components do not have', `${COMPONENTS}?fieldSelector=spec.type%3Dx`),
  get(
    'more selectors: the phase of namespaces',
    `${NAMESPACES}?fieldSelector=status.phase%3DActive,metadata.name%3DNS`,
  ),
  get(
    'more: a list of Components in a namespace that is not there',
    '/apis/dapr.io/v1alpha1/namespaces/NS-none/components',
  ),
  post('more: a Component for a try', `${COMPONENTS}?dryRun=All`, component('tried')),
  post('more: a Component with labels that are wrong', COMPONENTS, component({ name: 'bad', labels: { a: 'b c' } })),
  post(
    'more: a Component whose list is none',
    COMPONENTS,
    component('bad', { type: 'a', version: 'v1', metadata: 'x' }),
  ),
  post('more: a Component whose spec is none', COMPONENTS, component('bad', 'x')),
  apply(
    'more: a Component with a reference alone',
    `${COMPONENTS}/reference`,
    component(
      'reference',
      {
        type: 'state.postgresql',
        version: 'v1',
        metadata: [{ name: 'connectionString', secretKeyRef: { name: 's', key: 'k' } }],
      },
      { auth: { secretStore: 'kubernetes' } },
    ),
  ),
  apply(
    'more: the same without auth',
    `${COMPONENTS}/reference`,
    component('reference', {
      type: 'state.postgresql',
      version: 'v1',
      metadata: [{ name: 'connectionString', secretKeyRef: { name: 's', key: 'k' } }],
    }),
  ),
  patch(
    'more: a JSON patch of a Component',
    `${COMPONENTS}/reference`,
    [{ op: 'replace', path: '/spec/version', value: 'v2' }],
    { type: JSON_PATCH },
  ),
  apply(
    'more: at the present version of none',
    `${SECRETS}/fresh`,
    secret({ name: 'fresh', resourceVersion: '999999' }),
  ),
  apply('more: a namespace for a try', `${NAMESPACES}/NS-tried`, namespace('NS-tried'), 'fieldManager=ours&dryRun=All'),
  apply(
    'more: a namespace with finalizers',
    `${NAMESPACES}/NS-fin`,
    namespace('NS-fin', { spec: { finalizers: ['example.com/x'] } }),
  ),
  apply('more: nothing but a name', `${SECRETS}/nothing`, secret('nothing', {})),
  apply('more: an empty value, applied', `${SECRETS}/nothing`, secret('nothing', { data: { A: '' } })),
  apply('more: immutable', `${SECRETS}/nothing`, secret('nothing', { data: { A: '' }, immutable: true })),
  apply(
    'more: what became immutable, changed',
    `${SECRETS}/nothing`,
    secret('nothing', { data: { A: 'YQ==' }, immutable: true }),
  ),
  apply('more: a manager with a space', `${SECRETS}/spaced`, secret('spaced'), 'fieldManager=two%20words'),
  put(
    'more: a finalizer for a namespace that is not being deleted',
    `${NAMESPACES}/NS-b/finalize`,
    namespace('NS-b', { spec: { finalizers: ['example.com/x'] } }),
  ),
  get('more: a namespace by an unknown subresource', `${NAMESPACES}/NS-b/nothing`),
  { name: 'more: a method that is none', method: 'PUT', path: SECRETS, body: secret('x') },
  {
    name: 'more: a deletion of nothing named, in a namespace that is not there',
    method: 'DELETE',
    path: '/api/v1/namespaces/NS-none/secrets',
  },
]

/** Every request, in the order in which they are sent. */
export const REQUESTS: readonly Sent[] = [
  ...NAMESPACE,
  ...DISCOVERY,
  ...LOGIN,
  ...SECRET,
  ...SELECTED,
  ...CUSTOM,
  ...SELECTORS,
  ...APPLY,
  ...RIGHTS,
  ...ACCOUNT,
  ...MORE,
  ...DELETE,
  ...TERMINATING,
]

import { COMPONENTS, get, METADATA_LIST, NAMESPACES, post, SECRETS, type Sent, secret, TABLE } from './build.ts'

/** Secrets for the selectors to find. */
export const SELECTED: Sent[] = [
  post('made for selectors: a', SECRETS, secret({ name: 'sel-a', labels: { mark: 'NS', team: 'data' } })),
  post('made for selectors: b', SECRETS, secret({ name: 'sel-b', labels: { mark: 'NS', empty: '' } })),
  post('made for selectors: c', SECRETS, {
    ...secret({ name: 'sel-c', labels: { mark: 'NS', team: 'web' } }, { data: { username: 'dQ==', password: 'cA==' } }),
    type: 'kubernetes.io/basic-auth',
  }),
]

/** Lists by label and field, and in other forms. */
export const SELECTORS: Sent[] = [
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

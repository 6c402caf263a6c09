import { apply, get, namespace, put, SECRETS, type Sent, secret } from './build.ts'

const APPLIED = `${SECRETS}/applied`

/** Server-side apply: owners of fields, conflicts, versions, bodies that are wrong. */
export const APPLY: Sent[] = [
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

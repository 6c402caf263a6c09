import { parse as parseYaml } from 'yaml'
import type { Request } from '../http/serve.ts'
import { apiVersionOf, BUILT_IN, type Item, invalid, isCustom, Refusal, type Resource } from './objects.ts'
import { hasMember, isRecord } from './order.ts'
import { decodeProtobuf } from './protobuf.ts'
import { pruned } from './schema.ts'
import { wrong } from './validation.ts'

const SCHEME = 'k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30'
const ACCEPTED = 'application/json, application/yaml'

/** The object in the body of a POST or PUT. Throws the 400 and 415 of the API server. */
export function readObject(request: Request, resource: Resource): Item {
  const [type = ''] = (request.headers['content-type'] ?? 'application/json').split(';')
  const custom = isCustom(resource)
  if (type === 'application/vnd.kubernetes.protobuf' && !custom)
    return complete(resource, decodeProtobuf(request.bytes))
  if (type !== 'application/json' && type !== 'application/yaml') {
    const accepted = custom ? ACCEPTED : `${ACCEPTED}, application/vnd.kubernetes.protobuf`
    throw new Refusal(
      415,
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
    )
  }
  const value = type === 'application/yaml' ? parseYaml(request.body) : parseJson(request.body, resource)
  return typed(resource, value)
}

function parseJson(text: string, { kind }: Resource): unknown {
  const start = `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error:`
  const shown = text === '' ? '<empty>' : text.length > 30 ? `${text.slice(0, 30)} ...` : text
  try {
    return JSON.parse(text)
  } catch {
    throw new Refusal(400, 'BadRequest', `${start} unexpected end of JSON input (${shown})`)
  }
}

/** Judges kind and version of a decoded body, and completes it as the server's decoder does. */
export function typed(resource: Resource, value: unknown): Item {
  if (!isRecord(value)) {
    throw unhandled(resource, apiVersionOf(resource), 'the stand-in knows only objects')
  }
  const expected = apiVersionOf(resource)
  const { apiVersion = expected, kind = resource.kind } = value as Partial<Item>
  if (isCustom(resource)) judgeCustom(resource, { ...value, apiVersion, kind } as Item)
  else judgeOwn(resource, apiVersion, kind)
  return complete(resource, { ...value, apiVersion, kind, metadata: value.metadata ?? {} } as Item)
}

function judgeOwn(resource: Resource, apiVersion: string, kind: string): void {
  const known = BUILT_IN.find((one) => one.kind === kind && apiVersionOf(one) === apiVersion)
  const version = apiVersion.split('/').at(-1) ?? ''
  const start = `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${resource.kind}`
  if (!known) {
    const text = `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme ${JSON.stringify(SCHEME)}`
    throw new Refusal(400, 'BadRequest', `${start}: ${text}`)
  }
  if (kind !== resource.kind) {
    const pack = resource.group === '' ? 'core' : 'rbac'
    const text = `converting (${version}.${kind}) to (${pack}.${resource.kind}): unknown conversion`
    throw new Refusal(400, 'BadRequest', `${start}: ${text}`)
  }
}

function judgeCustom(resource: Resource, { apiVersion, kind, metadata }: Item): void {
  const expected = apiVersionOf(resource)
  if (apiVersion !== expected) {
    const text = `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`
    throw new Refusal(400, 'BadRequest', text)
  }
  if (kind !== resource.kind) {
    const cause = wrong('kind', JSON.stringify(kind), `must be ${resource.kind}`)
    throw invalid({ group: resource.group, kind }, metadata?.name ?? '', [cause])
  }
}

function unhandled({ kind }: Resource, apiVersion: string, text: string): Refusal {
  return new Refusal(
    400,
    'BadRequest',
    `${kind} in version ${JSON.stringify(apiVersion)} cannot be handled as a ${kind}: ${text}`,
  )
}

/** What the decoder makes of an object: wrong values refused, plain text of a Secret encoded, defaults set, unknown fields dropped. */
export function complete(resource: Resource, item: Item): Item {
  if (isCustom(resource)) return pruned(item)
  const members = Object.entries(item).filter(([name]) => hasMember(resource, name))
  const known = { ...Object.fromEntries(members), metadata: withoutEmpty(item.metadata) } as Item
  const { version } = resource
  for (const name of ['labels', 'annotations'] as const) {
    const odd = Object.values(known.metadata[name] ?? {}).find((value) => typeof value !== 'string')
    if (odd !== undefined) throw unhandled(resource, version, `metadata.${name}: a value is no text`)
  }
  if (resource.kind === 'Secret') return completeSecret(resource, known)
  if (resource.kind === 'Namespace') {
    const given = isRecord(known.spec) ? known.spec.finalizers : undefined
    // An empty list is as good as none.
    const spec = { spec: Array.isArray(given) && given.length > 0 ? { finalizers: given } : {} }
    const phase = (known.status as { phase?: string } | undefined)?.phase ?? 'Active'
    return { ...known, ...spec, status: { phase } }
  }
  return known.kind.endsWith('Role') ? { ...known, rules: known.rules ?? null } : known
}

/** Metadata without maps that hold nothing, which Go does not write. */
function withoutEmpty(metadata: Item['metadata']): Item['metadata'] {
  const { labels, annotations, ...rest } = metadata
  const isFull = (map: object | null | undefined) => Object.keys(map ?? {}).length > 0
  return {
    ...rest,
    ...(isFull(labels) ? { labels } : {}),
    ...(isFull(annotations) ? { annotations } : {}),
  } as Item['metadata']
}

function completeSecret(resource: Resource, item: Item): Item {
  const {
    stringData = {},
    data = {},
    ...rest
  } = item as Item & {
    stringData?: Record<string, string>
    data?: Record<string, unknown>
  }
  for (const value of Object.values(data)) {
    const problem =
      typeof (value ?? '') === 'string' ? base64Problem(String(value ?? '')) : 'base64Codec: invalid input'
    if (problem) throw unhandled(resource, resource.version, `v1.Secret.Data: ${problem}`)
  }
  const plain = Object.entries(stringData).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
  const encoded = Object.entries(data).map(([key, value]) => [key, value ?? ''])
  const all = { ...Object.fromEntries(encoded), ...Object.fromEntries(plain) }
  return { ...rest, ...(Object.keys(all).length > 0 ? { data: all } : {}), type: item.type || 'Opaque' } as Item
}

/** Why a text is no base64, as Go says it; empty when it is. */
export function base64Problem(text: string): string {
  const at = text.search(/[^A-Za-z0-9+/=]|=(?!=?$)/)
  if (at >= 0) return `illegal base64 data at input byte ${at}`
  return text.length % 4 === 0 ? '' : `illegal base64 data at input byte ${text.length - (text.length % 4)}`
}

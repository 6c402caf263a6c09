import { parse as parseYaml } from 'yaml'
import type { Request } from '../http/serve.ts'
import { base64Problem } from './decode.ts'
import { apiVersionOf, type Item, isCustom, Refusal, type Resource } from './objects.ts'
import { hasMember, isRecord } from './order.ts'
import { undeclaredField } from './schema.ts'
import type { Address } from './store.ts'

/** The body of an apply. It is not decoded as other bodies are: what is no field of the kind is refused. */
export function readApplied(request: Request, address: Address): Item {
  const { resource } = address
  const body = readYaml(request.body)
  const expected = apiVersionOf(resource)
  if (body.apiVersion !== expected) {
    const text = `Incorrect version specified in apply patch. Specified patch version: ${body.apiVersion ?? ''}, expected: ${expected}`
    throw new Refusal(400, 'BadRequest', text)
  }
  if (body.metadata?.managedFields) throw new Refusal(400, 'BadRequest', 'metadata.managedFields must be nil')
  if (body.kind !== resource.kind) {
    const pair = '{0xc000000000 {<nil> <nil> <nil>}}'
    const text = `failed to merge config: expected objects of the same type, but got ${pair} and ${pair}`
    throw new Refusal(500, '', text)
  }
  judgeFields(resource, body)
  const whole = { ...body, metadata: { ...body.metadata, name: body.metadata?.name ?? address.name } } as Item
  judgeName(address, whole, { isOptional: true })
  const { namespace } = whole.metadata
  if (namespace && namespace !== address.namespace) {
    const text = `the namespace of the object (${namespace}) does not match the namespace on the request (${address.namespace})`
    throw new Refusal(400, 'BadRequest', text)
  }
  return whole
}

function readYaml(text: string): Partial<Item> {
  try {
    const value: unknown = parseYaml(text)
    if (isRecord(value)) return value as Partial<Item>
  } catch {
    // Told below.
  }
  throw new Refusal(400, 'BadRequest', 'error decoding YAML: error converting YAML to JSON: yaml: line 1: it is broken')
}

function judgeFields(resource: Resource, body: Partial<Item>): void {
  const own = Object.keys(body).find((name) => !hasMember(resource, name))
  const unknown = isCustom(resource) ? undeclaredField(body) : own && `.${own}`
  if (unknown) {
    throw new Refusal(500, '', `failed to create typed patch object: ${unknown}: field not declared in schema`)
  }
  if (resource.kind !== 'Secret') return
  for (const value of Object.values((body.data ?? {}) as Record<string, unknown>)) {
    const problem = base64Problem(String(value))
    const start =
      'failed to convert new object to proper version: unable to convert unstructured object to /v1, Kind=Secret'
    if (problem) throw new Refusal(500, '', `${start}: error decoding from json: ${problem}`)
  }
}

/** Throws the API server's 400 where a body names another object than the path. */
export function judgeName({ name }: Address, { metadata }: Item, { isOptional }: { isOptional: boolean }): void {
  if (metadata.name === name || (isOptional && !metadata.name)) return
  const text = metadata.name
    ? `the name of the object (${metadata.name}) does not match the name on the URL (${name})`
    : `the name of the object (${name} based on URL) was undeterminable: name must be provided`
  throw new Refusal(400, 'BadRequest', text)
}

import { isCustom, Refusal, type Resource } from './objects.ts'
import { isRecord } from './order.ts'

const MERGE = 'application/merge-patch+json'
const STRATEGIC = 'application/strategic-merge-patch+json'
const JSON_PATCH = 'application/json-patch+json'
const APPLY = 'application/apply-patch+yaml'

/** The type of a patch. Throws the API server's 415 for one that the kind does not take. */
export function patchType(resource: Resource, contentType: string): 'apply' | 'merge' | 'json' {
  const [type = ''] = contentType.split(';')
  if (type === APPLY) return 'apply'
  if (type === JSON_PATCH) return 'json'
  if (type === MERGE) return 'merge'
  // The kinds here have no list that is merged by a key, so that both kinds of merge patch come to the same.
  if (type === STRATEGIC && !isCustom(resource)) return 'merge'
  if (type === STRATEGIC) {
    const text = `accepted media types include: ${[JSON_PATCH, MERGE, APPLY].join(', ')}`
    throw new Refusal(415, 'UnsupportedMediaType', `the body of the request was in an unknown format - ${text}`)
  }
  throw new Refusal(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
}

/** What a merge patch (RFC 7396) makes of a value. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  }
  return result
}

interface Operation {
  op: string
  path: string
  value?: unknown
}

/** What a JSON patch (RFC 6902: test, add, replace, remove) makes of an object. Throws the 422 of the API server. */
export function jsonPatch(target: object, operations: Operation[]): unknown {
  const result = structuredClone(target) as Record<string, unknown>
  for (const { op, path, value } of operations) {
    const names = path
      .split('/')
      .slice(1)
      .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    const last = names.pop() ?? ''
    const place = names.reduce<unknown>((at, name) => (isRecord(at) ? at[name] : undefined), result)
    if (!isRecord(place)) throw rejected()
    if (op === 'test' && JSON.stringify(place[last]) !== JSON.stringify(value)) throw rejected()
    if ((op === 'remove' || op === 'replace') && !(last in place)) throw rejected()
    if (op === 'remove') delete place[last]
    if (op === 'add' || op === 'replace') place[last] = value
  }
  return result
}

function rejected(): Refusal {
  return new Refusal(422, 'Invalid', 'the server rejected our request due to an error in our request', {})
}

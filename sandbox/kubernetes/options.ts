import type { Request } from '../http/serve.ts'
import { type Cause, invalid, Refusal } from './objects.ts'
import type { Preconditions, WriteOptions } from './store.ts'
import { required, tooLong, wrong } from './validation.ts'

/** What a deletion carries in its body and its query. */
export interface DeleteOptions {
  preconditions?: Preconditions
  dryRun: boolean
}

/** The options of a DELETE. Throws the API server's 500 for a body of another kind. */
export function deleteOptions(request: Request): DeleteOptions {
  const body = request.body ? JSON.parse(request.body) : {}
  const { kind = 'DeleteOptions', apiVersion = 'v1' } = body
  if (kind !== 'DeleteOptions') {
    const scheme = 'k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27'
    const version = JSON.stringify(apiVersion)
    const text = `no kind ${JSON.stringify(kind)} is registered for version ${version} in scheme ${JSON.stringify(scheme)}`
    throw new Refusal(500, '', text)
  }
  const dryRun = request.url.searchParams.get('dryRun') === 'All' || body.dryRun?.includes('All') === true
  return { preconditions: body.preconditions ?? {}, dryRun }
}

const LONGEST_MANAGER = 128

/** The options in the query of a write. Throws the API server's 422 for wrong ones. */
export function writeOptions({ url, headers }: Request, kind: string, isApply = false): WriteOptions {
  const query = url.searchParams
  const [agent = 'unknown'] = headers['user-agent']?.split('/') ?? []
  const given = query.get('fieldManager') ?? ''
  const dryRuns = query.getAll('dryRun')
  const causes: Cause[] = []
  if (kind === 'PatchOptions' && !isApply && query.has('force')) {
    causes.push({
      reason: 'FieldValueForbidden',
      message: 'Forbidden: may not be specified for non-apply patch',
      field: 'force',
    })
  }
  if (isApply && given === '') causes.push(required('fieldManager', 'is required for apply patch'))
  if (Buffer.byteLength(given) > LONGEST_MANAGER) causes.push(tooLong('fieldManager', LONGEST_MANAGER))
  causes.push(...unprintable(given))
  const odd = dryRuns.filter((value) => value !== 'All')
  if (odd.length > 0) {
    const shown = `[]string{${dryRuns.map((value) => JSON.stringify(value)).join(', ')}}`
    const message = `Unsupported value: ${shown}: supported values: "All"`
    causes.push({ reason: 'FieldValueNotSupported', message, field: 'dryRun' })
  }
  if (causes.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', causes)
  const force = !['', '0', 'false'].includes(query.get('force') ?? '')
  return { manager: given || agent.slice(0, LONGEST_MANAGER), force, dryRun: dryRuns.length > 0 }
}

function unprintable(manager: string): Cause[] {
  const at = [...manager].findIndex((character) => /\p{C}/u.test(character))
  const code = manager.codePointAt(at)
  if (at < 0 || code === undefined) return []
  const hexadecimal = code.toString(16).toUpperCase().padStart(4, '0')
  // As Go quotes a text.
  const shown = JSON.stringify(manager).replace(/\\u00(..)/g, '\\x$1')
  return [wrong('fieldManager', shown, `invalid character U+${hexadecimal} (at position ${at})`)]
}

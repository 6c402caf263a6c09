import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import addFormats from 'ajv-formats'
import { OpenAPIBackend } from 'openapi-backend'
import { parse } from 'yaml'
import { goBoolean } from './go-text.ts'
import { NEWEST_VERSION, requests } from './guesses.ts'
import { fieldRequired } from './recorded.ts'

/** The parts of a JSON schema of the description that the strict check reads. */
interface Schema {
  allOf?: Schema[]
  oneOf?: Schema[]
  anyOf?: Schema[]
  properties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  items?: Schema
  required?: string[]
  type?: string
}

interface Parameter {
  name: string
  schema?: Schema
}

interface Content {
  content?: Record<string, { schema?: Schema }>
}

/** A request that belongs to an operation of the description. */
export interface Routed {
  operationId: string
  params: Record<string, string>
  query: Record<string, unknown>
  body: unknown
}

/** Neon's API description at work: finds a request's operation, and holds requests and answers against it. */
export interface Description {
  /** Throws ApiError 404 for a path and 405 for a method that the description does not have. */
  operationOf(request: Incoming): string
  /** Throws ApiError 400 for a request that the description does not allow, or that has a property it does not declare. */
  check(request: Incoming, operationId: string): Routed
  /** Throws an Error that names the violation when our own answer is not what the description says. */
  checkAnswer(operationId: string, status: number, body: unknown): void
}

/** A request as it came in; `path` without the API's root. */
export interface Incoming {
  method: string
  path: string
  query: URLSearchParams
  headers: Record<string, string | string[] | undefined>
  body: string
}

/**
 * Loads the description that the API client's package carries. It stays there: its licence does not let us copy it.
 */
export function loadDescription(): Promise<Description> {
  loaded ??= load()
  return loaded
}

let loaded: Promise<Description> | undefined

async function load(): Promise<Description> {
  const client = createRequire(import.meta.url).resolve('@neondatabase/api-client/package.json')
  const definition = parse(readFileSync(join(dirname(client), 'public-v2-for-users.gen.yaml'), 'utf8'))
  definition.components.schemas.PgVersion.maximum = NEWEST_VERSION.called
  const backend = new OpenAPIBackend({
    definition,
    quick: true,
    coerceTypes: true,
    ajvOpts: { strict: false, allErrors: true },
    customizeAjv: (ajv) => {
      addFormats.default(ajv)
      // The description calls a 64-bit count `int`, a name the formats package lacks.
      return ajv.addFormat('int', { type: 'number', validate: Number.isInteger })
    },
  })
  await backend.init()
  return {
    operationOf: (request) => operation(backend, request).operationId ?? '',
    check: (request, operationId) => check(backend, request, bodySchema(backend, operationId)),
    checkAnswer: (operationId, status, body) => checkAnswer(backend, operationId, status, body),
  }
}

function operation(backend: OpenAPIBackend, request: Incoming) {
  try {
    return backend.router.matchOperation(asRequest(request), true)
  } catch (error) {
    const known = /method/i.test(String(error))
    throw known ? requests.wrongMethod() : requests.unknownPath()
  }
}

function asRequest({ method, path, query, headers, body }: Incoming) {
  // Clients announce JSON also where they send none; without the header the validator sees that there is no body.
  const meant = ([name, value]: [string, unknown]) => value !== undefined && (body !== '' || name !== 'content-type')
  const fields = Object.fromEntries(Object.entries(headers).filter(meant))
  const sent = body === '' ? {} : { body }
  return { method, path, query: Object.fromEntries(query), headers: fields as Record<string, string>, ...sent }
}

function check(backend: OpenAPIBackend, request: Incoming, schema: Schema | undefined): Routed {
  const found = operation(backend, request)
  const parsed = backend.router.parseRequest(asRequest(request), found)
  const body: unknown = request.body ? parseJson(request.body) : undefined
  const missing = missingField(schema, body)
  if (missing) throw fieldRequired(missing)
  const result = backend.validator.validateRequest(
    {
      ...asRequest(request),
      query: readBooleans(backend, found, request.query),
      ...(body === undefined ? {} : { body }),
    },
    found,
  )
  if (!result.valid) throw requests.invalid(describe(result.errors))
  const undeclared = schema ? undeclaredProperties(schema, body, 'body') : []
  if (undeclared.length > 0) throw requests.undeclared(undeclared)
  return {
    operationId: found.operationId ?? '',
    params: parsed.params as Record<string, string>,
    query: (result.coerced?.query as Record<string, unknown> | undefined) ?? {},
    body,
  }
}

/** The first field that a body has to have and has not. */
function missingField(schema: Schema | undefined, body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  return schema?.required?.find((name) => !(name in body))
}

/** The query with its booleans as the validator reads them: the service takes them as Go does, `True` included. */
function readBooleans(backend: OpenAPIBackend, found: { operationId?: string }, query: URLSearchParams) {
  const { parameters = [] } = backend.router.getOperation(found.operationId ?? '') ?? {}
  const booleans = (parameters as Parameter[]).filter(({ schema }) => schema?.type === 'boolean')
  const names = booleans.map(({ name }) => name)
  const read = ([name, value]: [string, string]) => [
    name,
    names.includes(name) ? String(goBoolean(value) ?? value) : value,
  ]
  return Object.fromEntries([...query].map(read))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw requests.notJson()
  }
}

function checkAnswer(backend: OpenAPIBackend, operationId: string, status: number, body: unknown): void {
  const violation = (text: string) => new Error(`the ${status} answer of ${operationId} violates the API: ${text}`)
  if (status === 204 && body === undefined) return
  const schema = answerSchema(backend, operationId, status)
  if (!schema) throw violation('the description has no such answer')
  const result = backend.validator.validateResponse(body, operationId, status)
  if (!result.valid) throw violation(describe(result.errors))
  const undeclared = undeclaredProperties(schema, body, 'body')
  if (undeclared.length > 0) throw violation(`it does not declare ${undeclared.join(', ')}`)
}

function describe(errors: { instancePath: string; message?: string; params?: object }[] | null | undefined): string {
  return (errors ?? [])
    .map((error) => `${error.instancePath || '/'} ${error.message} ${JSON.stringify(error.params)}`)
    .join('; ')
}

/** Paths of an object's properties that its schema does not declare; the validator lets them pass, Neon's users should not. */
function undeclaredProperties(schema: Schema, value: unknown, path: string): string[] {
  if (Array.isArray(value)) {
    const { items } = schema
    return items ? value.flatMap((item, index) => undeclaredProperties(items, item, `${path}[${index}]`)) : []
  }
  if (typeof value !== 'object' || value === null) return []
  const { properties, open } = declared(schema)
  if (open) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = properties[name]
    return known ? undeclaredProperties(known, inner, `${path}.${name}`) : [`${path}.${name}`]
  })
}

/** The properties of a schema and of those it is composed of; `open` when it allows any others, or names none. */
function declared(schema: Schema): { properties: Record<string, Schema>; open: boolean } {
  const parts = [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].map(declared)
  const properties = Object.assign({}, ...parts.map((part) => part.properties), schema.properties)
  const composed = parts.length > 0 || schema.properties !== undefined
  const open = Boolean(schema.additionalProperties) || !composed || parts.some((part) => part.open)
  return { properties, open }
}

function bodySchema(backend: OpenAPIBackend, operationId: string): Schema | undefined {
  const body = backend.router.getOperation(operationId)?.requestBody as Content | undefined
  return body?.content?.['application/json']?.schema
}

function answerSchema(backend: OpenAPIBackend, operationId: string, status: number): Schema | undefined {
  const responses = backend.router.getOperation(operationId)?.responses as Record<string, Content> | undefined
  return (responses?.[status] ?? responses?.default)?.content?.['application/json']?.schema
}

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'

interface Answer {
  $ref?: string
  content?: Record<string, { schema: object }>
}

interface Description {
  paths: Record<string, Record<string, { operationId: string; responses: Record<string, Answer> }>>
  components: { responses: Record<string, Answer> }
}

/** GitHub's own description of its REST API, which judges answers. */
export interface GitHubDescription {
  /** What is wrong with an answer to an operation (`issues/create-comment`); an empty list when nothing is. */
  problems(operation: string, status: number, body: unknown): string[]
}

// Refusals that any request may meet stand nowhere in the description; they have the form of all errors.
const ANYWHERE = [400, 401, 403, 404, 422, 429]

/** Reads the description of api.github.com from npm's @octokit/openapi: 13 MB, some tenths of a second. */
export function readGitHubDescription(): GitHubDescription {
  const folder = join(createRequire(import.meta.url).resolve('@octokit/openapi/package.json'), '..')
  const text = readFileSync(join(folder, 'generated', 'api.github.com.json'), 'utf8')
  const description = JSON.parse(text) as Description
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false })
  addFormats.default(ajv)
  ajv.addSchema(description, 'github')
  const operations = new Map(
    Object.values(description.paths).flatMap((path) =>
      Object.values(path).map(({ operationId, responses }) => [operationId, responses] as const),
    ),
  )
  const judges = new Map<string, ValidateFunction>()
  return {
    problems(operation, status, body) {
      const answer = operations.get(operation)?.[String(status)]
      if (!answer && !ANYWHERE.includes(status)) return [`${operation} never answers ${status}`]
      const whole = answer?.$ref ? description.components.responses[answer.$ref.split('/').at(-1) ?? ''] : answer
      const schema = answer ? Object.values(whole?.content ?? {})[0]?.schema : BASIC_ERROR
      if (!schema) return body === undefined ? [] : [`${operation} answers ${status} with a body`]
      const key = JSON.stringify(schema)
      const validate = judges.get(key) ?? ajv.compile(absolute(schema) as object)
      judges.set(key, validate)
      validate(body)
      return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`)
    },
  }
}

const BASIC_ERROR = {
  allOf: [{ $ref: '#/components/schemas/basic-error' }, { required: ['message', 'documentation_url'] }],
}

function absolute(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"github#/'))
}

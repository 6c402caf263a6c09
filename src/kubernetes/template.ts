import { ActionError } from '../runtime/errors.ts'
import { firstOf, namedTwice, oneLine, quoted } from '../runtime/shown.ts'
import { secretKeyProblem } from './names.ts'
import type { Credentials, LoginUrls, SecretKey } from './types.ts'

const TEMPLATES: Record<string, string> = {
  DATABASE_URL: '{db_url_pooled}',
  DATABASE_URL_UNPOOLED: '{db_url}',
  DIRECT_URL: '{db_url}',
  PGHOST: '{host_pooled}',
  PGHOST_UNPOOLED: '{host}',
  PGPORT: '{port}',
  PGUSER: '{user}',
  PGPASSWORD: '{password}',
  PGDATABASE: '{database}',
  PGSSLMODE: '{sslmode}',
  JDBC_URL: '{jdbc_url_pooled}',
}

const PLACEHOLDER = /\{(?:role\.([^{}]+)\.)?([A-Za-z][\w.-]{0,60})\}/g

/** Each placeholder, and how its value is found in the URLs of a login. */
const VALUES: Record<string, (urls: LoginUrls) => string> = {
  db_url: ({ url }) => url,
  db_url_pooled: ({ pooledUrl }) => pooledUrl,
  host: ({ url }) => hostOf(url),
  host_pooled: ({ pooledUrl }) => hostOf(pooledUrl),
  user: ({ url }) => part(url, 'username'),
  password: ({ url }) => part(url, 'password'),
  database: ({ url }) => part(url, 'pathname').slice(1),
  port: ({ url }) => new URL(url).port || '5432',
  sslmode: ({ url }) => new URL(url).searchParams.get('sslmode') ?? 'prefer',
  jdbc_url: ({ url }) => jdbcUrl(url),
  jdbc_url_pooled: ({ pooledUrl }) => jdbcUrl(pooledUrl),
}

/**
 * Reads the input `secret_keys`: one key per line, `KEY` for the names that tools expect (DATABASE_URL, PGHOST, …) or
 * `KEY=template` with placeholders such as `{db_url}`, `{host_pooled}` or `{role.api.password}`; `#` starts a comment
 * line. Empty means DATABASE_URL with the pooled URL, of the first role when there are roles, and with several roles one
 * `<ROLE>_DATABASE_URL` each: an application has no use for the owner's rights.
 * @param roles the roles that this run makes.
 * Throws one ActionError that lists every problem.
 */
export function parseSecretKeys(text: string, roles: readonly string[] = []): SecretKey[] {
  const lines = text.split('\n').map((line) => line.trim())
  const entries = lines.filter((line) => line !== '' && !line.startsWith('#'))
  if (entries.length === 0) return defaultKeys(roles)
  const problems: string[] = []
  const keys = entries.map((entry) => {
    const at = entry.indexOf('=')
    const key = at < 0 ? entry : entry.slice(0, at).trim()
    const template = at < 0 ? own(TEMPLATES, key) : entry.slice(at + 1).trim()
    problems.push(...keyProblems(key, template, roles))
    return { key, template: template ?? '' }
  })
  problems.push(...namedTwice(keys.map(({ key }) => key)).map((key) => `the key ${key} stands there twice`))
  if (problems.length === 0) return keys
  throw new ActionError(`Input secret_keys is wrong: ${firstOf(problems, '; ')}.`, {
    advice: 'Write one key per line, such as DATABASE_URL={db_url_pooled}.',
  })
}

function defaultKeys(roles: readonly string[]): SecretKey[] {
  const [first] = roles
  if (first === undefined) return [{ key: 'DATABASE_URL', template: '{db_url_pooled}' }]
  const each = roles.map((role) => ({
    key: `${role.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_DATABASE_URL`,
    template: `{role.${role}.db_url_pooled}`,
  }))
  return [{ key: 'DATABASE_URL', template: `{role.${first}.db_url_pooled}` }, ...(roles.length > 1 ? each : [])]
}

function keyProblems(key: string, template: string | undefined, roles: readonly string[]): string[] {
  const problem = secretKeyProblem(key)
  if (problem) return [`${quoted(key)} is no key of a Secret: ${problem}`]
  if (template === undefined)
    return [`the key ${key} needs a template; only ${Object.keys(TEMPLATES).join(', ')} do not`]
  if (template === '') return [`the key ${key} has an empty template`]
  return [...template.matchAll(PLACEHOLDER)].flatMap(([whole, role, name = '']) => {
    const found: string[] = []
    if (!own(VALUES, name)) found.push(`${key} asks for ${oneLine(whole)}; known are ${Object.keys(VALUES).join(', ')}`)
    if (role !== undefined && !roles.includes(role)) {
      found.push(`${key} asks for the role ${oneLine(role)}, which the input roles does not make`)
    }
    return found
  })
}

/** An entry of a table by a name that somebody else wrote: every object has a `constructor` too. */
function own<T>(table: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

/** Fills every template. Throws an ActionError when the credentials lack a role that a template asks for. */
export function fillTemplates(keys: readonly SecretKey[], credentials: Credentials): Record<string, string> {
  const fill = (whole: string, role: string | undefined, name: string): string => {
    const urls = role === undefined ? credentials : credentials.roles[role]
    const value = own(VALUES, name)
    if (!value) return whole
    if (urls) return value(urls)
    throw new ActionError(`The Secret asks for ${whole}, but there is no role '${role}'.`, {
      advice: 'Name the role in the input roles, or take the key out of secret_keys.',
    })
  }
  return Object.fromEntries(keys.map(({ key, template }) => [key, template.replace(PLACEHOLDER, fill)]))
}

/** Whether what a template yields must be masked; a host or a database name must not, it stands in ordinary texts. */
export function isSecret(template: string): boolean {
  return [...template.matchAll(PLACEHOLDER)].some(([, , name = '']) => /url|password/.test(name))
}

/** The passwords in the credentials, as they are. */
export function passwordsOf(credentials: Credentials): string[] {
  return [credentials, ...Object.values(credentials.roles)].flatMap(({ url, pooledUrl }) => [
    part(url, 'password'),
    part(pooledUrl, 'password'),
  ])
}

/** The key whose value is a whole connection URL, the direct one where there is one; undefined when no key is. */
export function urlKey(keys: readonly SecretKey[]): string | undefined {
  const whole = (pattern: RegExp) => keys.find(({ template }) => pattern.test(template))?.key
  return whole(/^\{(role\.[^{}]+\.)?db_url\}$/) ?? whole(/^\{(role\.[^{}]+\.)?db_url_pooled\}$/)
}

/**
 * The roles' passwords that a Secret still holds, so that a next run can keep them: read from keys whose template is
 * just a role's password or one of its URLs.
 */
export function rolePasswords(keys: readonly SecretKey[], values: Record<string, string>): Map<string, string> {
  const found = new Map<string, string>()
  for (const { key, template } of keys) {
    const [whole, role, name = ''] = template.match(new RegExp(PLACEHOLDER.source)) ?? []
    const value = values[key]
    if (whole !== template || role === undefined || !value) continue
    const password = name === 'password' ? value : passwordIn(value)
    if (password) found.set(role, password)
  }
  return found
}

function passwordIn(value: string): string {
  if (!URL.canParse(value.replace(/^jdbc:/, ''))) return ''
  const url = new URL(value.replace(/^jdbc:/, ''))
  return decodeURIComponent(url.password) || (url.searchParams.get('password') ?? '')
}

function part(url: string, name: 'hostname' | 'username' | 'password' | 'pathname'): string {
  return decodeURIComponent(new URL(url)[name])
}

/** An IPv6 address has brackets in a URL and in no other place. */
function hostOf(url: string): string {
  return part(url, 'hostname').replace(/^\[(.*)\]$/, '$1')
}

/** JDBC takes the login as parameters (https://jdbc.postgresql.org/documentation/use/#connecting-to-the-database). */
function jdbcUrl(text: string): string {
  const url = new URL(text)
  const login = new URLSearchParams({ user: part(text, 'username'), password: part(text, 'password') })
  const sslmode = url.searchParams.get('sslmode')
  if (sslmode) login.set('sslmode', sslmode)
  return `jdbc:postgresql://${url.host}${url.pathname}?${login.toString().replaceAll('+', '%20')}`
}

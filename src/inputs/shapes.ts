import { isIP } from 'node:net'
import {
  labelKeyProblem,
  labelValueProblem,
  namespaceProblem,
  objectNameProblem,
  parseDaprComponent,
  urlKey,
} from '../kubernetes/index.ts'
import { firstOf, hasControl, quoted } from '../runtime/shown.ts'
import type { Config, KubernetesConfig } from './config.ts'
import type { InputName } from './defaults.ts'
import type { Reader } from './reader.ts'

// Neon's own bound for names of branches; PostgreSQL's for identifiers, in bytes (NAMEDATALEN - 1).
const LONGEST_NAME = 256
const LONGEST_IDENTIFIER = 63
// A template may hold words that are longer than what comes in their place.
const LONGEST_TEMPLATE = 1024
// Behind the name of a parent: `@2026-01-31T12:00:00.000000+00:00`.
const LONGEST_MOMENT = 40

/**
 * Judges the form of each input by itself, so that nothing is made for a run that a server would refuse later on. What only
 * a server knows (whether a region exists, whether a plan allows a setting) is left to it.
 */
export function checkShapes(config: Config, reader: Reader): void {
  checkNames(reader)
  checkTokens(reader)
  checkProject(config, reader)
  checkApiHost(config.neon.apiHost, reader)
  checkCompare(config, reader)
  if (config.kubernetes) checkKubernetes(config.kubernetes, reader)
}

/** What stands in names: nothing that a terminal or a log would act on, and no more than a server takes. */
function checkNames(reader: Reader): void {
  for (const name of [
    'branch',
    'branch_id',
    'compare_branch',
    'base_branch',
    'project_name',
    'sweep_pattern',
  ] as const) {
    checkText(name, LONGEST_NAME, reader)
  }
  checkText('comment_id', LONGEST_NAME, reader)
  checkText('branch_name', reader.text('branch_name').includes('{') ? LONGEST_TEMPLATE : LONGEST_NAME, reader)
  for (const name of ['parent_branch', 'parent'] as const) checkText(name, LONGEST_NAME + LONGEST_MOMENT, reader)
  for (const name of ['database', 'role'] as const) checkIdentifier(name, reader)
}

function checkText(name: InputName, longest: number, reader: Reader): void {
  const text = reader.text(name)
  if (hasControl(text)) {
    reader.problem(`Input ${name} is ${quoted(text)}: it has a control character, such as a line break or a tab.`)
  } else if (text.length > longest) {
    reader.problem(`Input ${name} has ${text.length} characters: ${longest} is the most.`)
  }
}

function checkIdentifier(name: InputName, reader: Reader): void {
  const text = reader.text(name)
  const bytes = Buffer.byteLength(text)
  if (hasControl(text)) {
    reader.problem(`Input ${name} is ${quoted(text)}: it has a control character, such as a line break or a tab.`)
  } else if (bytes > LONGEST_IDENTIFIER) {
    reader.problem(`Input ${name} has ${bytes} bytes: PostgreSQL cuts names after ${LONGEST_IDENTIFIER}.`)
  }
}

/** Keys and tokens go into headers, which take no other characters; their texts are never repeated. */
function checkTokens(reader: Reader): void {
  const forms = [
    ['api_key', /^[\x21-\x7e]*$/],
    ['github_token', /^[\x20-\x7e]*$/],
  ] as const
  for (const [name, form] of forms) {
    if (form.test(reader.text(name))) continue
    reader.problem(
      `Input ${name} has a line break or another character that no key has: store the key alone as the secret.`,
    )
  }
}

function checkProject({ neon }: Config, reader: Reader): void {
  const { orgId, region, allowedIps } = neon
  if (orgId !== '' && !/^[A-Za-z0-9_-]{1,60}$/.test(orgId)) {
    reader.problem(
      `Input org_id is ${quoted(orgId)}: an id has letters, digits and dashes, such as 'org-cool-sun-12345678'.`,
    )
  }
  if (region !== '' && !/^[a-z]{2,20}(-[a-z0-9]{1,30}){1,6}$/.test(region)) {
    reader.problem(`Input region is ${quoted(region)}: a region is written like 'aws-eu-central-1'.`)
  }
  const wrong = allowedIps.filter((entry) => !isAddressRange(entry))
  if (wrong.length > 0) {
    reader.problem(
      `Input allowed_ips has ${firstOf(wrong.map(quoted), ', ')}: each must be an address, a range 'first-last' or a block such as '10.0.0.0/8'.`,
    )
  }
}

/** An address, `first-last`, or an address with the length of its prefix. */
function isAddressRange(text: string): boolean {
  const [first = '', last, ...more] = text.split('-')
  if (last !== undefined) return more.length === 0 && isIP(first) !== 0 && isIP(first) === isIP(last)
  const [address = '', prefix, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128))
}

/** The address that the key is sent to. What stands for a login in it is a secret, so that it is not repeated. */
function checkApiHost(text: string, reader: Reader): void {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    const shown = text.includes('@') ? 'has the wrong form' : `is ${quoted(text)}`
    reader.problem(`Input api_host ${shown}: it must be a URL such as 'https://console.neon.tech/api/v2'.`)
  } else if (url.username !== '' || url.password !== '') {
    reader.problem('Input api_host has a user or a password in it: take them out, the key is the input api_key.')
  } else if (url.search !== '' || url.hash !== '') {
    reader.problem(`Input api_host is ${quoted(text)}: take out what begins with '${url.search === '' ? '#' : '?'}'.`)
  }
}

function checkCompare({ compare }: Config, reader: Reader): void {
  const { timestamp, lsn } = compare
  if (timestamp !== '' && (!/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/.test(timestamp) || Number.isNaN(Date.parse(timestamp)))) {
    reader.problem(
      `Input timestamp is ${quoted(timestamp)}: it must be an RFC 3339 time such as '2026-12-24T18:00:00Z'.`,
    )
  }
  if (lsn !== '' && !/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i.test(lsn)) {
    reader.problem(`Input lsn is ${quoted(lsn)}: it must be two hexadecimal numbers such as '0/1A2B3C4'.`)
  }
}

function checkKubernetes(config: KubernetesConfig, reader: Reader): void {
  const named = [
    ['secret_name', config.secretName, objectNameProblem],
    ['namespace', config.namespace, namespaceProblem],
  ] as const
  for (const [name, template, problemOf] of named) {
    if (template === '' && name === 'namespace') continue
    const sample = fillNumber(template, 123456)
    const problem = problemOf(sample)
    if (problem) reader.problem(`Input ${name} is ${quoted(template)}: ${problem}.`)
  }
  const wrong = Object.entries(config.secretLabels).flatMap(([key, value]) => {
    const problem = labelKeyProblem(key) || labelValueProblem(value)
    return problem ? [`${quoted(`${key}=${value}`)}: ${problem}`] : []
  })
  if (wrong.length > 0) reader.problem(`Input secret_labels has ${firstOf(wrong, '; ')}.`)
  checkDapr(config, reader)
}

/** Dapr reads a connection URL out of the Secret, so that one of its keys must be one. */
function checkDapr({ daprComponent, secretKeys }: KubernetesConfig, reader: Reader): void {
  // Empty after a problem of the input secret_keys, which has been told.
  if (secretKeys.length === 0 || !parseDaprComponent(daprComponent) || urlKey(secretKeys) !== undefined) return
  reader.problem(
    `Input dapr_component is ${quoted(daprComponent)}: no key of the Secret is a connection URL. Add the line DATABASE_URL={db_url} to secret_keys.`,
  )
}

/** `{number}` of a name filled in; outside pull requests it stands for nothing. */
export function fillNumber(template: string, number: number | null): string {
  return template.replaceAll('{number}', number === null ? '' : String(number))
}

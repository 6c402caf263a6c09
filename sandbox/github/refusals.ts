import type { Reply } from '../http/serve.ts'
import { GUESSED } from './guesses.ts'

/** Why GitHub turns a request away although token, path and body are right. */
export type RefusalName =
  | 'primary limit'
  | 'secondary limit'
  | 'content creation'
  | 'abuse detection'
  | 'IP allow list'
  | 'SAML'
  | 'blocked'
  | 'interaction limit'

/** A reason that stands for some requests, or until it is taken back. */
export interface ActiveRefusal {
  name: RefusalName
  /** 403 unless told; GitHub answers limits with 429 too. */
  status: 403 | 429
  /** Seconds for `retry-after`; left out of the answer unless told. */
  retryAfter?: number
  /** How many requests it still meets. */
  times: number
  /** The operations it meets, by the names of GitHub's description and `graphql`; all unless told. */
  operations?: readonly string[]
}

/** Who asks, for the texts. */
export interface RefusedCaller {
  kind: 'anonymous' | 'installation' | 'user'
  id: number
  owner: string
  requestId: string
}

const DOCUMENTATION = 'https://docs.github.com'
const SUPPORT = (id: string) => `If you reach out to GitHub Support for help, please include the request ID ${id}`

/**
 * The texts of GitHub, from answers that users have shown in public issues: the limits of NixOS/nixpkgs#413832 and
 * fpicalausa/remove-stale-branches#22, content creation of gofri/go-github-ratelimit#38, the allow list of
 * aquasecurity/trivy#10567, SAML of gr2m/octokit-plugin-create-pull-request#67. The others are guesses (see there).
 */
function messageOf(name: RefusalName, { kind, id, owner, requestId }: RefusedCaller): [text: string, page: string] {
  switch (name) {
    case 'primary limit': {
      const whom = kind === 'user' ? `user ID ${id}` : 'installation'
      return [
        `API rate limit exceeded for ${whom}. ${SUPPORT(requestId)}.`,
        '/rest/overview/rate-limits-for-the-rest-api',
      ]
    }
    case 'secondary limit':
      return [
        `You have exceeded a secondary rate limit. Please wait a few minutes before you try again. ${SUPPORT(requestId)}.`,
        '/free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits',
      ]
    case 'content creation':
      return [
        'You have exceeded a secondary rate limit and have been temporarily blocked from content creation. Please retry your request again later.',
        '/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits',
      ]
    case 'IP allow list':
      return [
        `Although you appear to have the correct authorization credentials, the \`${owner}\` organization has an IP allow list enabled, and your IP address is not permitted to access this resource.`,
        '/rest/repos/repos#get-a-repository',
      ]
    case 'SAML':
      return [
        'Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.',
        '/articles/authenticating-to-a-github-organization-with-saml-single-sign-on/',
      ]
    default:
      return [GUESSED.messages[name], '/rest']
  }
}

/** The answer of REST. The headers of a used-up limit are those that every answer has ({@link RateCounter}). */
export function refuseRest(refusal: ActiveRefusal, caller: RefusedCaller): Reply {
  const [message, page] = messageOf(refusal.name, caller)
  const status = refusal.status
  const body = { message, documentation_url: `${DOCUMENTATION}${page}`, status: String(status) }
  return { status, headers: headersOf(refusal, caller), body }
}

/**
 * The answer of GraphQL: limits of the second kind come as those of REST (fpicalausa/remove-stale-branches#22); the hourly
 * one beside status 200 (github/docs#22607), and SAML as an error of the field (fwouts/prmonitor#1042).
 */
export function refuseGraphql(refusal: ActiveRefusal, caller: RefusedCaller): Reply {
  const [message] = messageOf(refusal.name, caller)
  const headers = headersOf(refusal, caller)
  if (refusal.name === 'primary limit') {
    const text = `API rate limit exceeded for ${caller.kind === 'user' ? `user ID ${caller.id}` : 'installation'}.`
    return { status: 200, headers, body: { errors: [{ type: 'RATE_LIMITED', message: text }] } }
  }
  const place = { path: ['repository'], locations: [{ line: 1, column: 1 }] }
  if (refusal.name === 'SAML') {
    const error = { type: 'FORBIDDEN', ...place, extensions: { saml_failure: true }, message }
    return { status: 200, headers, body: { data: { repository: null }, errors: [error] } }
  }
  if (refusal.name === 'IP allow list') {
    const error = { ...GUESSED.allowListInGraphql, ...place, message }
    return { status: 200, headers, body: { data: { repository: null }, errors: [error] } }
  }
  return refuseRest(refusal, caller)
}

function headersOf({ name, retryAfter }: ActiveRefusal, { owner }: RefusedCaller): Record<string, string> {
  const authorize = `https://github.com/orgs/${owner}/sso?authorization_request=AAAA`
  return {
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    ...(name === 'SAML' ? { 'x-github-sso': `required; url=${authorize}` } : {}),
  }
}

import { errorMessage } from '../runtime/errors.ts'
import { titleIn } from '../runtime/page.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { graphqlErrors, headerOf, limitOf, statusOf } from './limits.ts'

/** Why a request failed, as a clause on one line, redacted before it is cut: `502 Bad Gateway`, `no answer in time`. */
export function whyFailed({ secrets }: Pick<Runtime, 'secrets'>, error: unknown): string {
  const name = error instanceof Error ? error.name : ''
  if (name === 'TimeoutError' || name === 'AbortError') return 'no answer within 30 s'
  const status = statusOf(error)
  const whole = secrets.redact(messageOf(error))
  const text = whole.split('\n', 1).join('').trim().replace(/\.$/, '')
  // A gateway in between answers a page.
  const said = /^\s*</.test(text) ? (titleIn(whole) ?? 'a page') : text
  return `${status > 0 ? `${status} ` : ''}${said}`.trim() || 'an empty answer'
}

/** What GitHub says; Octokit puts a heading above the errors of GraphQL. */
function messageOf(error: unknown): string {
  const messages = (graphqlErrors(error) ?? []).map(({ message = '' }) => message).filter((message) => message !== '')
  return messages.length > 0 ? [...new Set(messages)].join('; ') : errorMessage(error)
}

const PERMISSIONS = `Give the job these permissions:
permissions:
  contents: read
  pull-requests: write
On pull requests from forks and from Dependabot the token is read-only whatever the workflow says.`

/** A reason of GitHub that says itself what to do. */
interface Reason {
  advice: string
  /** The token may not, now or ever: no fault, and no matter of the workflow's permissions. */
  isDenied?: true
}

const REASONS: [pattern: RegExp, reason: Reason][] = [
  [
    /IP allow list enabled/i,
    {
      advice:
        'The organization admits requests from some addresses only, and this runner has another one: use a self-hosted runner or a larger runner with a static address, or let an owner of the organization put the address on its IP allow list.',
      isDenied: true,
    },
  ],
  [
    /SAML enforcement/i,
    {
      advice:
        'The organization asks for single sign-on, and the token of the input github_token is not authorized for it: authorize it (on GitHub: Settings, Developer settings, Personal access tokens, Configure SSO), or leave the input out, so that the token of the job is used.',
      isDenied: true,
    },
  ],
  [
    /\bis locked\b|conversation is locked/i,
    { advice: 'The conversation is locked; unlock it or set comment to false.' },
  ],
  [/archived/i, { advice: 'The repository is archived and takes no comments: set comment to false.' }],
  [
    /limited the ability to comment|user is blocked|you have been blocked/i,
    {
      advice:
        'The repository takes no comments of the user behind github_token: let an owner lift the block or the interaction limit, use the token of another user, or set comment to false.',
    },
  ],
]

/** What GitHub's refusal asks for, where it is one that is known; undefined for every other fault. */
export function knownReason(error: unknown): Reason | undefined {
  const limit = limitOf(error)
  if (limit === 'primary') return { advice: `The hour's requests of this token are used up${endOf(error)}.` }
  if (limit === 'secondary') {
    return {
      advice:
        'GitHub slows the token down because too many requests, or too many comments, came at once: let fewer jobs run at the same time.',
    }
  }
  const said = messageOf(error)
  return REASONS.find(([pattern]) => pattern.test(said))?.[1]
}

/** ` until 2026-11-25T20:00:00Z`, where GitHub says when a limit ends. */
function endOf(error: unknown): string {
  const reset = Number(headerOf(error, 'x-ratelimit-reset'))
  return reset > 0 ? ` until ${new Date(reset * 1000).toISOString().replace('.000', '')}` : ''
}

/**
 * Tells as one warning why the comment on `where` (`owner/name#number`) was not written and what to do: `forbidden` when
 * the token may not, `failed` for everything else. Where the comment is optional, that the token may not is a line of the log.
 */
export function warnOfFailure(
  runtime: Runtime,
  { where, error, isOptional }: { where: string; error: unknown; isOptional: boolean },
): 'forbidden' | 'failed' {
  const status = statusOf(error)
  const said = whyFailed(runtime, error)
  const start = `The comment on ${where} was not written: GitHub says "${said}".`
  const reason = knownReason(error)
  const isDenied = reason ? reason.isDenied === true : (status === 403 || status === 404) && !/disabled/i.test(said)
  if (isDenied) {
    const advice = reason?.advice ?? PERMISSIONS
    if (isOptional) runtime.log.info(`${start} ${advice}`)
    else runtime.log.warning(`${start} ${advice}`, { title: 'No permission to comment' })
    return 'forbidden'
  }
  runtime.log.warning(`${start} ${adviceFor(status, error, reason)}`)
  return status === 401 ? 'forbidden' : 'failed'
}

const LATER = 'The next run writes it; the job summary has the report.'

function adviceFor(status: number, error: unknown, reason: Reason | undefined): string {
  if (reason) return limitOf(error) ? `${reason.advice} ${LATER}` : reason.advice
  return status === 401 ? 'Check the input github_token; its default is the token of the job.' : LATER
}

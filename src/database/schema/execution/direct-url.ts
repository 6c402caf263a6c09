import { ActionError } from '../../../runtime/errors.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { connectionUrl } from '../../connection-url.ts'

/**
 * The URL with the direct host. A pooler hands each transaction to another session, on which neither locks nor settings
 * hold: Neon's pooled host is swapped for the direct one with a notice, another `-pooler` host is an {@link ActionError}.
 */
export function directUrl(runtime: Runtime, text: string): string {
  const { host: pooled, isNeon } = connectionUrl(text)
  const direct = pooled.replace(/^([^.]+)-pooler(?=\.|$)/, '$1')
  if (direct === pooled) return text
  if (!isNeon) {
    throw new ActionError(`Could not apply the schema through ${pooled}: it is the host of a connection pooler.`, {
      advice: 'Give the direct host of the database: locks and settings do not hold on a pooled connection.',
    })
  }
  runtime.log.notice(`The schema is applied through ${direct}, not through the pooled host ${pooled}.`)
  const url = new URL(text)
  url.hostname = direct
  return url.href
}

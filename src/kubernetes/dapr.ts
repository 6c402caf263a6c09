import { ActionError } from '../runtime/errors.ts'
import { quoted } from '../runtime/shown.ts'
import { objectNameProblem } from './names.ts'

const VERSIONS = ['v1', 'v2'] as const

/** A version of Dapr's component `state.postgresql`: v1 and v2 keep their data in tables that the other cannot read. */
export type DaprVersion = (typeof VERSIONS)[number]

/** What Dapr encourages new applications to use; it is there since Dapr 1.13. */
export const DEFAULT_DAPR_VERSION: DaprVersion = 'v2'

/** A Dapr state store to apply. */
export interface DaprComponent {
  name: string
  version: DaprVersion
}

/**
 * Reads the input `dapr_component`: `name` or `name@version`; undefined when it is empty. Throws an ActionError for a
 * name that the cluster would refuse and for a version that Dapr does not have.
 */
export function parseDaprComponent(text: string): DaprComponent | undefined {
  const given = text.trim()
  if (given === '') return undefined
  const at = given.indexOf('@')
  const name = at < 0 ? given : given.slice(0, at)
  const version = at < 0 ? DEFAULT_DAPR_VERSION : VERSIONS.find((known) => known === given.slice(at + 1))
  if (objectNameProblem(name)) {
    throw new ActionError(
      `Input dapr_component is ${quoted(given)}: ${quoted(name)} is no name of a Component, which has small letters, digits, '-' and '.'.`,
      { advice: 'Write a name such as statestore, or name and version such as statestore@v1.' },
    )
  }
  if (!version) {
    throw new ActionError(
      `Input dapr_component is ${quoted(given)}: state.postgresql has no version ${quoted(given.slice(at + 1))}, only ${VERSIONS.join(' and ')}.`,
      { advice: `Write ${name}@v1 or ${name}@v2; ${name} alone is ${DEFAULT_DAPR_VERSION}.` },
    )
  }
  return { name, version }
}

import { APPLY } from './applies.ts'
import type { Sent } from './build.ts'
import { CUSTOM } from './components.ts'
import { DISCOVERY, LOGIN } from './discovery.ts'
import { MORE } from './more.ts'
import { NAMESPACE, TERMINATING } from './namespaces.ts'
import { ACCOUNT, RIGHTS } from './rights.ts'
import { DELETE, SECRET } from './secrets.ts'
import { SELECTED, SELECTORS } from './selectors.ts'

export type { Sent } from './build.ts'

/** Every request, in the order in which they are sent. */
export const REQUESTS: readonly Sent[] = [
  ...NAMESPACE,
  ...DISCOVERY,
  ...LOGIN,
  ...SECRET,
  ...SELECTED,
  ...CUSTOM,
  ...SELECTORS,
  ...APPLY,
  ...RIGHTS,
  ...ACCOUNT,
  ...MORE,
  ...DELETE,
  ...TERMINATING,
]

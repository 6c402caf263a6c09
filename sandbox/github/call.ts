import type { Caller } from './access.ts'
import type { Addresses } from './shapes.ts'
import type { Repository, World } from './world.ts'

/** One REST call on a repository, ready to be answered. */
export interface Call {
  world: World
  caller: Caller
  repository: Repository
  parameters: Record<string, string>
  query: URLSearchParams
  at: Addresses
  /** The body as an object; refuses what is none with 400. */
  readJson(): Record<string, unknown>
}

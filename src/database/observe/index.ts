/** Locks, rewrites and rows: what a transaction did to tables that were there before it. */
export { PreparedLook } from './prepared-look.ts'
export {
  FLUSH_ROWS,
  isLookGone,
  LEFT_OVER_ROWS,
  type Observation,
  RELATIONS,
  type Relations,
  readObservation,
  readRelations,
} from './within.ts'

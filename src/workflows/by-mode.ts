import type { Mode, Outcome } from '../model.ts'
import type { Run } from '../run.ts'
import { cleanup } from './cleanup.ts'
import { diff } from './diff.ts'
import { plan } from './plan.ts'
import { preview } from './preview.ts'
import { provision } from './provision.ts'
import { reset } from './reset.ts'
import { rotate } from './rotate.ts'
import { sweep } from './sweep.ts'

/** What each mode does. */
export const workflows: Record<Mode, (run: Run) => Promise<Outcome>> = {
  provision,
  preview,
  cleanup,
  sweep,
  reset,
  rotate,
  plan,
  diff,
}

import type { Story } from './scene.ts'
import { THE_REST } from './stories-of-the-rest.ts'
import { MAKING } from './stories-that-make.ts'

/** Every mode, the two that begin in different ways twice. */
export const STORIES: readonly Story[] = [...MAKING, ...THE_REST]

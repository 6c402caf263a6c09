/** The modes. */
export { workflows } from './by-mode.ts'

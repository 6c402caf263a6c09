import type { Neon } from './client.ts'

/** Address of a project, or of one of its branches, in the Neon console; undefined where the API host has none. */
export function consoleUrl(neon: Neon, projectId: string, branchId?: string): string | undefined {
  if (!neon.console) return undefined
  const branch = branchId ? `/branches/${encodeURIComponent(branchId)}` : ''
  return `${neon.console}/app/projects/${encodeURIComponent(projectId)}${branch}`
}

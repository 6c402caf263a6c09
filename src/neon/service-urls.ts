import { type Branch, orAbsent } from './branch-lookup.ts'
import type { Neon } from './client.ts'
import { explaining } from './explain.ts'

/** The base URL of Neon Auth on a branch (`getNeonAuth`), or undefined where it is not set up. Throws ActionError. */
export async function authUrlOf(neon: Neon, { projectId, id, name }: Branch): Promise<string | undefined> {
  return await explaining(neon, { what: `get the Neon Auth URL of the branch ${name}`, projectId }, async () => {
    const reply = await orAbsent(neon.read('getNeonAuth', (api, params) => api.getNeonAuth(projectId, id, params)))
    return reply?.base_url
  })
}

/** The URL of the Data API of one database of a branch, or undefined where it is not set up. Throws ActionError. */
export async function dataApiUrlOf(neon: Neon, branch: Branch, database: string): Promise<string | undefined> {
  const { projectId, id, name } = branch
  return await explaining(neon, { what: `get the Data API URL of the branch ${name}`, projectId }, async () => {
    const reply = await orAbsent(
      neon.read('getProjectBranchDataApi', (api, params) =>
        api.getProjectBranchDataApi(projectId, id, database, params),
      ),
    )
    return reply?.url
  })
}

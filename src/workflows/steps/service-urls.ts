import { authUrlOf, type Branch, dataApiUrlOf, type Neon } from '../../neon/index.ts'
import { type Run, warn } from '../../run.ts'

/** Sets the outputs `auth_url` and `data_api_url` where they were asked for; one that is not set up is a warning. */
export async function serviceUrlOutputs(run: Run, neon: Neon, branch: Branch): Promise<void> {
  const { getAuthUrl, getDataApiUrl } = run.config.neon
  const database = run.report.database?.name ?? ''
  const wanted = [
    ...(getAuthUrl ? [{ output: 'auth_url', what: 'Neon Auth', read: () => authUrlOf(neon, branch) }] : []),
    ...(getDataApiUrl
      ? [{ output: 'data_api_url', what: 'The Data API', read: () => dataApiUrlOf(neon, branch, database) }]
      : []),
  ]
  for (const { output, what, read } of wanted) {
    const url = await read()
    if (url) run.outputs.set(output, url)
    else warn(run, `${what} is not set up on the branch ${branch.name}; the output ${output} stays empty.`)
  }
}

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type GitHubSandbox, startGitHub } from '../../sandbox/github/index.ts'
import { type NeonSandbox, type NeonSettings, startNeon } from '../../sandbox/neon/index.ts'
import { findLeaks, type RunOptions, type RunResult, runAction } from '../../sandbox/runner/index.ts'

/** Everything a repository's runs need, for tests of the committed action: Neon, GitHub, a workspace. */
export interface World {
  neon: NeonSandbox
  github: GitHubSandbox
  workspace: string
  token: string
  repository: string
  /** Writes files of the repository; null removes one. */
  write(files: Record<string, string | null>): Promise<void>
  /** Runs the action for an event, with Neon's address and key among the inputs. */
  run(event: RunOptions['event'], inputs?: Record<string, string>, more?: Partial<RunOptions>): Promise<RunResult>
  /** Every secret of the world so far, for the search for leaks. */
  secrets(result: RunResult): string[]
  /** Neon requests of the last run without the polling of operations. */
  requests(): string[]
  close(): Promise<void>
}

const REPOSITORY = 'octo/learn'
const TOKEN = 'ghs_story_token_00000000000000000000000'

/** The outputs that are documented to hold secrets. */
export const SECRET_OUTPUTS = ['db_url', 'db_url_pooled', 'db_url_with_pooler', 'password', 'role_urls']

/** Starts a world of its own. */
export async function startWorld(settings: Partial<NeonSettings> = {}): Promise<World> {
  const neon = await startNeon({ operationMilliseconds: 20, ...settings })
  const permissions = { contents: 'read', 'pull-requests': 'write' } as const
  const github = await startGitHub({
    repositories: [REPOSITORY],
    tokens: { [TOKEN]: { kind: 'installation', repository: REPOSITORY, permissions } },
  })
  const workspace = await mkdtemp(join(tmpdir(), 'neon-world-'))
  let mark = 0
  return {
    neon,
    github,
    workspace,
    token: TOKEN,
    repository: REPOSITORY,
    async write(files) {
      for (const [name, text] of Object.entries(files)) {
        const path = join(workspace, name)
        await mkdir(dirname(path), { recursive: true })
        if (text === null) await rm(path, { force: true })
        else await writeFile(path, text)
      }
    },
    async run(event, inputs = {}, more = {}) {
      mark = neon.journal.length
      const told = github.journal.length
      // The event comes because the Git branch is gone, which closes the pull requests that it was the head of.
      if (event.name === 'delete' && event.refType !== 'tag') github.deleteBranch(event.ref)
      const result = await runAction({
        event,
        repository: REPOSITORY,
        workspace,
        token: TOKEN,
        apiUrl: github.apiUrl,
        graphqlUrl: github.graphqlUrl,
        secrets: [neon.organizationApiKey],
        ...more,
        inputs: { api_key: neon.organizationApiKey, api_host: neon.url, ...inputs },
      })
      const bodies = github.journal
        .slice(told)
        .map(({ method, path, body }) => ({ where: `${method} ${path}`, text: body }))
      return {
        ...result,
        // What went to GitHub has left, too.
        leaks: (secrets, allowed) => [...result.leaks(secrets, allowed), ...findLeaks(bodies, secrets)],
      }
    },
    secrets(result) {
      const passwords = neon.projects().flatMap(({ id }) => passwordsOf(neon, id))
      const own = [result.outputs.password, result.outputs.db_url, result.outputs.db_url_pooled]
      return [neon.organizationApiKey, TOKEN, ...passwords, ...own].filter((secret): secret is string =>
        Boolean(secret),
      )
    },
    requests: () =>
      neon.journal
        .slice(mark)
        .filter(({ operation }) => operation !== 'getProjectOperation' && operation !== 'listProjectOperations')
        .map(({ method, path }) => `${method} ${path.replace('/api/v2', '').replace(/\?.*/, '')}`),
    async close() {
      await Promise.all([neon.close(), github.close(), rm(workspace, { recursive: true, force: true })])
    },
  }
}

/** Passwords that Neon has told in its answers would be in the journal's replies; the clusters know them too. */
function passwordsOf(neon: NeonSandbox, projectId: string): string[] {
  return neon.branches(projectId).flatMap(({ id }) => neon.branchCluster(projectId, id)?.superuser.password ?? [])
}

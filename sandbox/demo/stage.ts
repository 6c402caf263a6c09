import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GitHubSandbox, startGitHub } from '../github/index.ts'
import { type KubernetesStandIn, startKubernetesStandIn } from '../kubernetes/index.ts'
import { type NeonSandbox, startNeon } from '../neon/index.ts'

/** The repository of the story and its one pull request. */
export const REPOSITORY = 'octo/learnflow'
export const PULL_REQUEST = 7
export const HEAD_REF = 'badges'
export const TOKEN = 'ghs_demo_token_0000000000000000000000000'

/** All that the story plays on. */
export interface Stage {
  neon: NeonSandbox
  github: GitHubSandbox
  kubernetes: KubernetesStandIn
  /** What is checked out: no Git, only the files. */
  workspace: string
  /** Copies a file of `pull-request/` into the checked-out folder `db/`, under its own name unless told. */
  add(name: string, as?: string): Promise<void>
  close(): Promise<void>
}

/** Starts Neon, GitHub and Kubernetes on 127.0.0.1 and makes an empty checkout. */
export async function setStage(): Promise<Stage> {
  const closers: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const neon = await startNeon({ operationMilliseconds: 250 })
    closers.push(() => neon.close())
    const github = await startGitHub({
      repositories: [REPOSITORY],
      tokens: {
        [TOKEN]: {
          kind: 'installation',
          repository: REPOSITORY,
          permissions: { contents: 'read', 'pull-requests': 'write' },
        },
      },
    })
    closers.push(() => github.close())
    const kubernetes = await startKubernetesStandIn()
    closers.push(() => kubernetes.close())
    const workspace = await mkdtemp(join(tmpdir(), 'neon-demo-'))
    closers.push(() => rm(workspace, { recursive: true, force: true }))
    await writeFile(join(workspace, 'README.md'), '# LearnFlow\n')
    return {
      neon,
      github,
      kubernetes,
      workspace,
      async add(name, as = name) {
        const text = await readFile(new URL(`pull-request/${name}`, import.meta.url), 'utf8')
        await mkdir(join(workspace, 'db'), { recursive: true })
        await writeFile(join(workspace, 'db', as), text)
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

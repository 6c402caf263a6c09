import { basename } from 'node:path'
import type { EventSettings } from '../../../sandbox/runner/index.ts'
import {
  eventsOf,
  type PlayedWorkflow,
  PULL_NUMBER,
  playWorkflow,
  readWorkflow,
  type Workflow,
} from '../play-workflow.ts'
import { startWorld, type World } from '../world.ts'
import { STORIES } from './stories.ts'

/** A file of the corpus, and what became of it on one of its events. */
export interface PlayedFile {
  name: string
  file: string
  workflow: Workflow
  event: EventSettings
  played: PlayedWorkflow
  world: World
}

/** What to play. */
export interface FileToPlay {
  /** Path of a workflow file; its name chooses the story. */
  file: string
  /** Called after each event, while its world is there. */
  after(played: PlayedFile): void
}

/** Plays a file on all its events, one after the other, in a world of its own. */
export async function playFile({ file, after }: FileToPlay): Promise<void> {
  const name = basename(file, '.yml')
  const story = STORIES[name] ?? {}
  const workflow = await readWorkflow(file)
  const world = await startWorld({ plan: 'paid', branchLimit: 100, allowPointInTime: true })
  try {
    const project = await makeProject(world, 'learn')
    const billing = await makeProject(world, 'billing')
    for (const branch of story.branches ?? []) world.neon.seedBranches(project, 1, () => ({ name: branch }))
    await world.write(story.files ?? {})
    let runId = 9_000_000_000
    for (const event of story.events ?? eventsOf(workflow)) {
      runId += 1
      preparePull(world, event)
      const played = await playWorkflow({
        file,
        event,
        world,
        runId,
        secrets: secretsOf(world, project),
        vars: {
          NEON_PROJECT_ID: project,
          NEON_BILLING_PROJECT_ID: billing,
          NEON_DB_USER: 'neondb_owner',
          NEON_DATABASE_USERNAME: 'neondb_owner',
          VERCEL_PROJECT_ID: 'prj_0000',
        },
        ...(story.inputs ? { inputs: story.inputs } : {}),
      })
      await world.neon.settle()
      after({ name, file, workflow, event, played, world })
    }
  } finally {
    await world.close()
  }
}

/** The secrets that the files read. */
function secretsOf(world: World, project: string): Record<string, string> {
  return {
    NEON_API_KEY: world.neon.organizationApiKey,
    'api-key': world.neon.organizationApiKey,
    NEON_PROJECT_ID: project,
    PG_USERNAME: 'neondb_owner',
    PG_PASSWORD: 'not-the-password',
    VERCEL_TOKEN: 'vercel-token-0000',
    VERCEL_ORG_ID: 'team_0000',
    VERCEL_PROJECT_ID: 'prj_0000',
    FLY_API_TOKEN: 'fly-token-0000',
    CLOUDFLARE_API_TOKEN: 'cloudflare-token-0000',
    DATABASE_URL: 'postgresql://production.example/db',
    PRODUCTION_DATABASE_URL: 'postgresql://production.example/db',
  }
}

async function makeProject({ neon }: World, name: string): Promise<string> {
  const response = await fetch(`${neon.url}/projects`, {
    method: 'POST',
    headers: { authorization: `Bearer ${neon.organizationApiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ project: { name } }),
  })
  const { project } = (await response.json()) as { project: { id: string } }
  await neon.settle()
  return project.id
}

/** Brings GitHub to where the event finds it: the pull request there, open or closed. */
function preparePull({ github }: World, event: EventSettings): void {
  const own = event.name === 'workflow_call' ? event.caller : event
  if (own.name === 'issue_comment' && own.onIssue) {
    github.openIssue(own.number)
    return
  }
  const number = 'number' in own ? own.number : PULL_NUMBER
  const action = 'action' in own ? own.action : ''
  const known = isKnown(() => github.comments(number))
  if (!known) github.openPull({ number, headRef: 'feature/login' })
  if (action === 'closed') github.closePull(number, { merged: true })
  if (action === 'reopened' && known) github.reopenPull(number)
}

function isKnown(look: () => unknown): boolean {
  try {
    look()
    return true
  } catch {
    return false
  }
}

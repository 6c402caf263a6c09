import type { Organization } from '@neondatabase/api-client'
import { ActionError } from '../runtime/errors.ts'
import type { Neon } from './client.ts'
import { NeonError } from './error.ts'

/**
 * The organization whose projects are meant: the input, or the only one the key belongs to
 * (`getCurrentUserOrganizations`). Organizations that something else manages, Vercel for example, do not count beside
 * those of the console (`managed_by`), as with Neon's own tools. Undefined where the key tells none: that of an
 * organization or of one project needs no `org_id` and may not ask (404 or 403), and an account may have none.
 * Throws {@link ActionError} that lists them when there are several; NeonError.
 */
export async function organizationOf(neon: Neon, input: string | undefined): Promise<string | undefined> {
  if (input) return input
  const all = await readOrganizations(neon)
  const own = all.filter(({ managed_by: manager }) => manager === 'console')
  const organizations = own.length > 0 ? own : all
  if (organizations.length <= 1) return organizations[0]?.id
  const list = organizations.map(({ id, name }) => `${id} (${name})`).join(', ')
  throw new ActionError(`The API key belongs to ${organizations.length} organizations: ${list}.`, {
    advice: 'Set the input org_id to the one that shall own the project.',
  })
}

async function readOrganizations(neon: Neon): Promise<Organization[]> {
  try {
    const reply = await neon.read('getCurrentUserOrganizations', (api, params) =>
      api.getCurrentUserOrganizations(params),
    )
    return reply.organizations
  } catch (error) {
    if (error instanceof NeonError && (error.status === 403 || error.status === 404)) return []
    throw error
  }
}

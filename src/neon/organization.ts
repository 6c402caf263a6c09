import { ActionError } from '../runtime/errors.ts'
import type { Neon } from './client.ts'
import { NeonError } from './error.ts'

/**
 * The organization whose projects are meant: the input, or the only one the key belongs to
 * (`getCurrentUserOrganizations`). Undefined where the key tells none (a key of one project, an account without any).
 * Throws {@link ActionError} that lists them when there are several; NeonError.
 */
export async function organizationOf(neon: Neon, input: string | undefined): Promise<string | undefined> {
  if (input) return input
  const organizations = await readOrganizations(neon)
  if (organizations.length <= 1) return organizations[0]?.id
  const list = organizations.map(({ id, name }) => `${id} (${name})`).join(', ')
  throw new ActionError(`The API key belongs to ${organizations.length} organizations: ${list}.`, {
    advice: 'Set the input org_id to the one that shall own the project.',
  })
}

async function readOrganizations(neon: Neon): Promise<{ id: string; name: string }[]> {
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

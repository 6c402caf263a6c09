import { planOf } from './plan.ts'
import { badKey, notForOrganizationKeys, notFound, organizationRequired } from './recorded.ts'
import { REGIONS } from './settings.ts'
import type { Account, Organization } from './types.ts'
import { type Call, type Handler, refuseProjectKey, timestamp, type World } from './world.ts'

const USER = { id: '7c9e6679-7425-40de-944b-e07fc1f90ae7', email: 'developer@example.com', name: 'Dev Eloper' }

/** The account that a request's bearer key belongs to. Throws 401. */
export function authenticate(world: World, header: string | undefined): Account {
  const key = /^Bearer (.+)$/i.exec(header ?? '')?.[1]
  const account = world.settings.accounts.find(({ apiKey }) => apiKey === key)
  if (!account) throw badKey()
  return account
}

/**
 * The organization that a call is about: a personal key has to name it, the others belong to one.
 * Throws 400 when it is missing, 404 when the key's owner is no member.
 */
export function organizationOf(call: Call, named: string | undefined): string {
  const { kind, organizations } = call.account
  const organization = named ?? (kind === 'personal' ? undefined : organizations[0])
  if (!organization) throw organizationRequired()
  if (!organizations.includes(organization)) throw notFound('organization')
  return organization
}

function describeOrganization(world: World, id: string): Organization {
  const known = world.organizations.get(id)
  const { name, managedBy, createdAt } = known ?? { name: id, managedBy: 'console', createdAt: timestamp(world) }
  return {
    id,
    name,
    handle: `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-${id}`,
    plan: planOf(world),
    created_at: createdAt,
    managed_by: managedBy,
    updated_at: createdAt,
  }
}

const getAuthDetails: Handler = (_world, { account }) => ({
  body:
    account.kind === 'personal'
      ? { account_id: USER.id, auth_method: 'api_key_user' }
      : { account_id: account.organizations[0] ?? '', auth_method: 'api_key_org' },
})

const getCurrentUserInfo: Handler = (world, { account }) => {
  if (account.kind !== 'personal') throw notForOrganizationKeys(refusalStatus(world) ?? 404)
  return {
    body: {
      active_seconds_limit: 0,
      auth_accounts: [{ email: USER.email, image: '', login: 'developer', name: USER.name, provider: 'github' }],
      email: USER.email,
      id: USER.id,
      image: '',
      login: 'developer',
      name: USER.name,
      last_name: '',
      projects_limit: world.settings.projectLimit,
      branches_limit: world.settings.branchLimit,
      max_autoscaling_limit: 8,
      plan: planOf(world),
    },
  }
}

const getCurrentUserOrganizations: Handler = (world, { account }) => {
  refuseOrganizationKeys(world, account)
  return { body: { organizations: account.organizations.map((id) => describeOrganization(world, id)) } }
}

/**
 * Keys of an organization, and those of one project, are no user's. Throws as the setting says; the API description has
 * it that such a key is told its own organization, which no recording shows.
 */
function refuseOrganizationKeys(world: World, { kind }: Account): void {
  const status = refusalStatus(world)
  if (kind !== 'personal' && status) throw notForOrganizationKeys(status)
}

function refusalStatus(world: World): 403 | 404 | undefined {
  const { organizationKeys } = world.settings
  return organizationKeys === 'allowed' ? undefined : organizationKeys
}

const getOrganization: Handler = (world, call) => {
  const id = call.params.org_id ?? ''
  refuseProjectKey(call.account)
  if (!call.account.organizations.includes(id)) throw notFound('organization')
  return { body: describeOrganization(world, id) }
}

const getActiveRegions: Handler = (world, { account }) => {
  refuseOrganizationKeys(world, account)
  return { body: { regions: REGIONS } }
}

export const accountHandlers = {
  getActiveRegions,
  getAuthDetails,
  getCurrentUserInfo,
  getCurrentUserOrganizations,
  getOrganization,
}

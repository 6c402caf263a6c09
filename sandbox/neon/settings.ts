import type { LoginProxy, LoginProxyOptions } from './login-proxy.ts'
import type { Quota, QuotaKind } from './recorded.ts'
import type { Account } from './types.ts'

/** A quota, and how much of it is used. */
export interface QuotaUse extends Quota {
  kind: QuotaKind
}

/** How the stand-in behaves; every value may be changed while it runs. */
export interface NeonSettings {
  /** Milliseconds that each operation takes; while one runs, changes of the project are answered with 423. */
  operationMilliseconds: number
  /** Operations that fail, used up in order: the next operation with this action ends `failed` with this error. */
  failOperations: { action: string; error: string }[]
  plan: 'free' | 'paid'
  projectLimit: number
  branchLimit: number
  rootBranchLimit: number
  protectedBranchLimit: number
  activeComputeLimit: number
  /** What a compute over that limit is answered with; both are recorded. */
  activeComputeStatus: 402 | 423
  /**
   * Quotas of every project. One whose usage reaches its limit refuses whatever needs a compute, and logins, for which
   * `loginProxy` has to be on: without it the stand-in would let in whom Neon does not.
   */
  quotas: QuotaUse[]
  /** What a used-up quota is answered with; all three are recorded. */
  quotaStatus: 402 | 412 | 423
  /**
   * Puts what Neon's proxy is to a login before every compute made from now on: it is what the compute's address leads
   * to, passes bytes on, and refuses a login, after the password was right, by quota and by the limit of active computes.
   */
  loginProxy: boolean
  /** What `loginProxy` puts there in place of {@link startLoginProxy}, for a test that wants to be on the way itself. */
  wayIn: ((options: LoginProxyOptions) => Promise<LoginProxy>) | undefined
  /** What keys of an organization are answered where only a user's may ask; all three were seen or described. */
  organizationKeys: 403 | 404 | 'allowed'
  /** How many times a branch that was just made or restored is answered with 404 when it is asked for by its id. */
  hiddenLooks: number
  /** Whether the empty page behind the last branch repeats its cursor; nobody recorded it. */
  emptyPageCursor: boolean
  /** The most branches in one page, whatever `limit` asks for. */
  branchPageSize: number
  /** What a new project does unless it says so itself; without stored passwords `reveal_password` is answered with 412. */
  storePasswords: boolean
  /** Lets `parent_timestamp` and `parent_lsn` copy the parent's present state; the stand-in keeps no history. */
  allowPointInTime: boolean
  /** The base URL that branches show for Neon Auth and the Data API; 404 for both while undefined. */
  integrationsUrl: string | undefined
  /**
   * Whether servers that start from now on carry `neon.project_id`, `neon.branch_id` and `neon.endpoint_id`, as Neon's
   * computes do (compute_tools/src/config.rs of neondatabase/neon). Here anybody may change them, on Neon nobody.
   */
  identitySettings: boolean
  accounts: Account[]
}

/** Neon's Free plan (https://neon.com/docs/introduction/plans), operations of 60 ms. */
export function defaultSettings(accounts: Account[]): NeonSettings {
  return {
    operationMilliseconds: 60,
    failOperations: [],
    plan: 'free',
    projectLimit: 100,
    branchLimit: 10,
    rootBranchLimit: 3,
    protectedBranchLimit: 5,
    activeComputeLimit: 20,
    activeComputeStatus: 402,
    quotas: [],
    quotaStatus: 423,
    loginProxy: false,
    wayIn: undefined,
    organizationKeys: 404,
    hiddenLooks: 0,
    emptyPageCursor: false,
    branchPageSize: 100,
    storePasswords: true,
    allowPointInTime: false,
    integrationsUrl: undefined,
    identitySettings: true,
    accounts,
  }
}

/** The regions of https://neon.com/docs/introduction/regions, as read in August 2025. */
export const REGIONS = [
  { region_id: 'aws-us-east-1', name: 'AWS US East 1 (N. Virginia)', geo_lat: '38.13', geo_long: '-78.45' },
  { region_id: 'aws-us-east-2', name: 'AWS US East 2 (Ohio)', geo_lat: '39.96', geo_long: '-83.00' },
  { region_id: 'aws-us-west-2', name: 'AWS US West 2 (Oregon)', geo_lat: '46.15', geo_long: '-123.88' },
  { region_id: 'aws-eu-central-1', name: 'AWS Europe Central 1 (Frankfurt)', geo_lat: '50.11', geo_long: '8.68' },
  { region_id: 'aws-eu-west-2', name: 'AWS Europe West 2 (London)', geo_lat: '51.51', geo_long: '-0.13' },
  { region_id: 'aws-ap-southeast-1', name: 'AWS Asia Pacific 1 (Singapore)', geo_lat: '1.35', geo_long: '103.82' },
  { region_id: 'aws-ap-southeast-2', name: 'AWS Asia Pacific 2 (Sydney)', geo_lat: '-33.87', geo_long: '151.21' },
  { region_id: 'aws-sa-east-1', name: 'AWS South America East 1 (São Paulo)', geo_lat: '-23.55', geo_long: '-46.63' },
  { region_id: 'azure-eastus2', name: 'Azure East US 2 (Virginia)', geo_lat: '36.67', geo_long: '-78.39' },
  { region_id: 'azure-westus3', name: 'Azure West US 3 (Arizona)', geo_lat: '33.45', geo_long: '-112.07' },
  { region_id: 'azure-gwc', name: 'Azure Germany West Central (Frankfurt)', geo_lat: '50.11', geo_long: '8.68' },
].map((region) => ({ ...region, default: region.region_id === 'aws-us-east-2' }))

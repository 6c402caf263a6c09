import type * as api from '@neondatabase/api-client'
import type { Cluster, PreparedCluster } from '../postgres/index.ts'
import type { LoginProxy } from './login-proxy.ts'

/** The client's types with its enums as the strings they are, so that only types come from the package. */
type Plain<T> = T extends string ? `${T}` : T extends object ? { [Key in keyof T]: Plain<T[Key]> } : T

export type Branch = Plain<api.Branch>
export type BranchCreate = Plain<api.BranchCreateRequest> & { annotation_value?: Record<string, string> }
export type BranchRestore = Plain<api.BranchRestoreRequest>
export type BranchUpdate = Plain<api.BranchUpdateRequest>
export type AnonymizedCreate = Plain<api.BranchAnonymizedCreateRequest>
export type MaskingRule = Plain<api.MaskingRule>
export type ConnectionDetails = Plain<api.ConnectionDetails>
export type Database = Plain<api.Database>
export type DatabaseCreate = Plain<api.DatabaseCreateRequest>
export type DatabaseUpdate = Plain<api.DatabaseUpdateRequest>
export type Endpoint = Plain<api.Endpoint>
export type EndpointCreate = Plain<api.EndpointCreateRequest>
export type EndpointUpdate = Plain<api.EndpointUpdateRequest>
export type EndpointOptions = Plain<api.BranchCreateRequestEndpointOptions>
export type DefaultEndpointSettings = Plain<api.DefaultEndpointSettings>
export type Operation = Plain<api.Operation>
export type OperationAction = Operation['action']
export type Organization = Plain<api.Organization>
export type Project = Plain<api.Project>
export type ProjectCreate = Plain<api.ProjectCreateRequest>
export type ProjectUpdate = Plain<api.ProjectUpdateRequest>
export type ProjectListItem = Plain<api.ProjectListItem>
export type Role = Plain<api.Role>
export type RoleCreate = Plain<api.RoleCreateRequest>

/** Whom a key belongs to, and what it opens. */
export interface Account {
  apiKey: string
  /** `personal` keys name an organization in each call that needs one; the others belong to one. */
  kind: 'personal' | 'organization' | 'project'
  /** The organizations that the key's owner is a member of; the first one owns an organization or project key. */
  organizations: string[]
  /** The only project that a project key opens. */
  projectId?: string
}

/** A role and its password; the password is none for roles that cannot log in. */
export interface RoleRecord {
  role: Role
  password: string
}

/** What anonymising a branch is doing. */
export interface Anonymization {
  rules: MaskingRule[]
  state: 'created' | 'initialized' | 'initialization_error' | 'anonymizing' | 'anonymized' | 'error'
  message?: string
  createdAt: string
  updatedAt: string
  failedAt?: string
  lastRun?: { started_at: string; completed_at?: string; masked_columns: number; triggered_by_username: string }
}

/** A branch: what the API shows, and the server behind it. */
export interface BranchRecord {
  branch: Branch
  annotation: { value: Record<string, string>; at: string } | undefined
  roles: Map<string, RoleRecord>
  databases: Map<string, Database>
  /** Data copied, port taken, not yet started. */
  prepared: PreparedCluster | undefined
  cluster: Cluster | undefined
  /** What a restore puts in the place of `prepared` when its operations end. */
  replacement: PreparedCluster | undefined
  anonymization: Anonymization | undefined
  /** How many more times it is not found by its id; see the setting of this name. */
  hiddenLooks: number
}

/** A project with everything in it. */
export interface ProjectRecord {
  project: Project
  branches: Map<string, BranchRecord>
  endpoints: Map<string, Endpoint>
  /** By endpoint, where there is one; see the setting `loginProxy`. */
  loginProxies: Map<string, LoginProxy>
  /** Oldest first. */
  operations: Operation[]
  /** A change is being made right now, its operations are not written down yet. */
  busy: boolean
  /** Whether servers that start carry their ids; see NeonSettings. */
  showsIdentity(): boolean
}

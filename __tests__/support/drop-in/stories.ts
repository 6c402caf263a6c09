import type { EventSettings } from '../../../sandbox/runner/index.ts'
import { PULL_NUMBER } from '../play-workflow.ts'

/** What a file of the corpus needs beside its events, which come from its `on:` unless told. */
export interface Story {
  events?: EventSettings[]
  /** Neon branches that are there before, made by hand from the default branch. */
  branches?: string[]
  /** Files of the repository. */
  files?: Record<string, string>
  inputs?: Record<string, string>
}

const pull = { number: PULL_NUMBER, headRef: 'feature/login' }

/** By the name of the file. */
export const STORIES: Record<string, Story> = {
  'e2e-matrix': { branches: ['e2e-base'] },
  'call-create': { inputs: { branch: 'preview/7', parent: 'main' } },
  'call-delete': { branches: ['preview/7'], inputs: { branch: 'preview/7' } },
  'reset-on-release': { branches: ['staging'] },
  'reset-weekly': { branches: ['staging', 'dev'] },
  'reset-label': {
    branches: ['dev'],
    events: [
      { name: 'pull_request', action: 'opened', ...pull },
      { name: 'pull_request', action: 'labeled', label: 'Reset Neon Branch', ...pull },
      { name: 'pull_request', action: 'synchronize', labels: ['Reset Neon Branch'], ...pull },
      { name: 'pull_request', action: 'closed', merged: true, ...pull },
    ],
  },
  'reset-cs-names': { branches: ['staging'] },
  'reset-push-preview': { branches: ['preview'] },
  'deployment-status-diff': { branches: ['preview/feature/login'] },
  'diff-point-in-time': { branches: ['staging'] },
  'seed-psql-loop': {
    files: {
      'sql/01_schema.sql': 'create table notes (id int primary key, body text not null);\n',
      'sql/02_seed.sql': "insert into notes values (1, 'hello');\n",
    },
  },
  'vercel-integration-cleanup': { branches: ['preview/feature/login'] },
  'merged-production': { branches: ['preview/pr-7'] },
  'create-v5-full': { branches: ['dev'] },
  'git-branch-created': {
    branches: ['dev'],
    events: [
      { name: 'create', ref: 'feature/login' },
      { name: 'create', ref: 'v1', refType: 'tag' },
    ],
  },
  'git-branch-deleted': {
    branches: ['dev/feature/login'],
    events: [
      { name: 'delete', ref: 'feature/login' },
      { name: 'delete', ref: 'v1', refType: 'tag' },
    ],
  },
  'scheduled-cleanup': { branches: ['preview/pr-1', 'preview/pr-2', 'preview/pr-7'] },
  'issue-comment': {
    events: [
      { name: 'issue_comment', number: PULL_NUMBER, body: '/db' },
      { name: 'issue_comment', number: PULL_NUMBER, body: '/db reset' },
      { name: 'issue_comment', number: PULL_NUMBER, body: '/db delete' },
      { name: 'issue_comment', number: 8, body: '/db', onIssue: true },
    ],
  },
  'labeled-preview': {
    events: [
      { name: 'pull_request', action: 'labeled', label: 'preview', ...pull },
      { name: 'pull_request', action: 'labeled', label: 'other', labels: ['preview'], ...pull },
      { name: 'pull_request', action: 'unlabeled', label: 'preview', ...pull },
      { name: 'pull_request', action: 'closed', merged: true, ...pull },
    ],
  },
  'pull-request-target': {
    events: [
      { name: 'pull_request_target', action: 'labeled', label: 'preview', ...pull },
      { name: 'pull_request_target', action: 'synchronize', labels: ['preview'], ...pull },
      { name: 'pull_request_target', action: 'closed', merged: true, ...pull },
    ],
  },
  'fork-guard': {
    events: [
      { name: 'pull_request', action: 'opened', ...pull },
      { name: 'pull_request', action: 'opened', number: 8, headRepository: 'stranger/learn', author: 'stranger' },
      { name: 'pull_request', action: 'closed', merged: true, ...pull },
    ],
  },
  'no-guard-fork': {
    events: [
      { name: 'pull_request', action: 'opened', ...pull },
      { name: 'pull_request', action: 'opened', number: 8, headRepository: 'stranger/learn', author: 'stranger' },
      { name: 'pull_request', action: 'opened', number: 9, author: 'dependabot[bot]' },
    ],
  },
  'deployment-status-e2e': {
    events: [
      { name: 'deployment_status', state: 'success' },
      { name: 'deployment_status', state: 'failure' },
    ],
  },
  'after-ci': {
    events: [{ name: 'workflow_run', workflow: 'CI', headBranch: 'feature/login', pullRequests: [PULL_NUMBER] }],
  },
  'repository-dispatch': {
    events: [{ name: 'repository_dispatch', type: 'tenant-created', payload: { tenant: 'acme' } }],
  },
}

import { get, RBAC, SECRETS, type Sent } from './build.ts'

/** What is about no object. */
export const DISCOVERY: Sent[] = [
  get('discovery: the version', '/version'),
  get('discovery: readyz', '/readyz'),
  get('discovery: healthz', '/healthz'),
  get('discovery: livez', '/livez'),
  get('discovery: the versions of the core', '/api'),
  get('discovery: the groups', '/apis'),
  get('discovery: the kinds of the core', '/api/v1'),
  get('discovery: a group', '/apis/rbac.authorization.k8s.io'),
  get('discovery: the kinds of a group', `${RBAC}`),
  get('discovery: the group of custom resources', '/apis/dapr.io'),
  get('discovery: the kinds of custom resources', '/apis/dapr.io/v1alpha1'),
  get('discovery: a group that is not there', '/apis/nothing.example.com'),
  get('discovery: the kinds of a group that is not there', '/apis/nothing.example.com/v1'),
  get('discovery: a version that is not there', '/apis/dapr.io/v9'),
  get('discovery: a version of the core that is not there', '/api/v9'),
  get('discovery: a path that is not there', '/nothing'),
  get('discovery: objects of a group that is not there', '/apis/nothing.example.com/v1/namespaces/NS/things'),
  get('discovery: objects of a kind that is not there', '/api/v1/namespaces/NS/things'),
  get('discovery: an object of a kind that is not there', '/api/v1/namespaces/NS/things/one'),
  get('discovery: a description of version 3', '/openapi/v3'),
]

/** Requests without a login, or with a wrong one. */
export const LOGIN: Sent[] = [
  get('login: none', `${SECRETS}/a`, { as: 'nobody' }),
  get('login: none, the version', '/version', { as: 'nobody' }),
  get('login: none, discovery', '/api/v1', { as: 'nobody' }),
  get('login: none, readyz', '/readyz', { as: 'nobody' }),
  get('login: a token that nobody knows', `${SECRETS}/a`, { as: 'stranger' }),
  get('login: a token that nobody knows, the version', '/version', { as: 'stranger' }),
]

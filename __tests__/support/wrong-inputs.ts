/** A kubeconfig that is right as far as it goes; nothing answers at its server. */
export const KUBECONFIG = `
apiVersion: v1
kind: Config
current-context: dev
clusters: [{ name: c, cluster: { server: "https://127.0.0.1:9" } }, { name: hostless, cluster: { server: "https://" } }]
users: [{ name: u, user: { token: kubeconfig-secret-token-1 } }]
contexts:
  - { name: dev, context: { cluster: c, user: u } }
  - { name: lost, context: { cluster: gone, user: u } }
  - { name: hostless, context: { cluster: hostless, user: u } }
`

const long = (length: number) => 'x'.repeat(length)

/** An input that is wrong by itself: its name, its value, and what the error must say of it. */
export const WRONG_INPUTS: [input: string, value: string, said: string][] = [
  ['mode', 'migrate', "Input mode is 'migrate'"],
  ['timeout', '30d', "Input timeout is '30d': it must be 2147483647 ms (24 days) at most"],
  ['lock_wait', '9999999h', 'Input lock_wait is'],
  ['lock_timeout', '25d', "Input lock_timeout is '25d': it must be 2147483647 ms"],
  ['statement_timeout', '4w', "Input statement_timeout is '4w': it must be 2147483647 ms"],
  ['max_age', `${'9'.repeat(400)}d`, 'Input max_age is'],
  ['branch_name', `feature\u0007bell`, "Input branch_name is 'feature\\u0007bell': it has a control character"],
  ['parent_branch', long(300), 'Input parent_branch has 300 characters: 296 is the most'],
  ['base_branch', 'ma\u2028in', "Input base_branch is 'ma\\u2028in': it has a control character"],
  ['compare_branch', long(257), 'Input compare_branch has 257 characters: 256 is the most'],
  ['project_name', 'a\tb', "Input project_name is 'a\\tb': it has a control character"],
  ['comment_id', long(300), 'Input comment_id has 300 characters: 256 is the most'],
  ['database', 'é'.repeat(32), 'Input database has 64 bytes: PostgreSQL cuts names after 63'],
  ['role', 'own\ter', "Input role is 'own\\ter': it has a control character"],
  ['org_id', 'org id', "Input org_id is 'org id'"],
  ['region', 'Frankfurt', "Input region is 'Frankfurt': a region is written like 'aws-eu-central-1'"],
  ['allowed_ips', '10.0.0.0/8, 10.0.0.0/33', "Input allowed_ips has '10.0.0.0/33'"],
  ['api_host', 'https://user:hunter2hunter2@console.neon.tech/api/v2', 'Input api_host has a user or a password in it'],
  ['api_key', 'napi_one napi_two', 'Input api_key has a line break or another character'],
  ['expires_at', 'tomorrow', "Input expires_at is 'tomorrow'"],
  ['timestamp', 'yesterday', "Input timestamp is 'yesterday'"],
  ['lsn', '0-1A2B', "Input lsn is '0-1A2B'"],
  ['roles', 'pg_x=admin', 'Input roles is wrong'],
  ['kube_context', 'staging', "The kubeconfig has no context 'staging': its contexts are dev, lost, hostless"],
  ['namespace', 'Shop', "Input namespace is 'Shop': a namespace has small letters"],
  ['secret_name', 'db-{number}-', "Input secret_name is 'db-{number}-': a name has small letters"],
  ['secret_keys', 'URL={role.web.db_url}', 'URL asks for the role web, which the input roles does not make'],
  ['secret_labels', 'team=a b', "Input secret_labels has 'team=a b': the value of a label has letters"],
  ['dapr_component', 'State/Store', "Input dapr_component is 'State/Store'"],
]

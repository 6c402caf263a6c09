import { parse } from 'yaml'
import type { Contexts } from './expressions.ts'

interface GitHub {
  head_ref: string
  base_ref: string
  ref_name: string
  ref_type: string
}

type Answer = (inputs: Record<string, string>, github: GitHub) => Record<string, string>

/** What other actions of the stories would answer; of an action that is not here nobody reads an output. */
const ANSWERS: Record<string, Answer> = {
  'tj-actions/branch-names': (_inputs, { head_ref, base_ref, ref_name, ref_type }) => ({
    current_branch: head_ref || (ref_type === 'branch' ? ref_name : ''),
    head_ref_branch: head_ref,
    base_ref_branch: base_ref,
    ref_branch: head_ref === '' && ref_type === 'branch' ? ref_name : '',
    is_tag: String(ref_type === 'tag'),
    tag: ref_type === 'tag' ? ref_name : '',
  }),
  'dorny/paths-filter': ({ filters = '' }) =>
    Object.fromEntries(Object.keys(parse(filters) as object).map((name) => [name, 'true'])),
  'tj-actions/changed-files': () => ({ any_changed: 'true', all_changed_files: 'prisma/schema.prisma' }),
  'xt0rted/pull-request-comment-branch': () => ({ head_ref: 'feature/login', base_ref: 'main' }),
  'actions/create-github-app-token': () => ({ token: 'ghs_app_token_0000000000000000000000000' }),
}

/** The outputs of an action that is not ours, by its name without the version. */
export function foreignOutputs(
  uses: string,
  inputs: Record<string, string>,
  contexts: Contexts,
): Record<string, string> {
  return ANSWERS[uses.replace(/@.*$/, '')]?.(inputs, contexts.github as GitHub) ?? {}
}

/** All traffic with GitHub: the one comment of a pull request, and what state pull requests and Git branches are in. */
export { type CommentOptions, type CommentResult, upsertComment } from './comment.ts'
export { commentMarker } from './comment-marker.ts'
export { type CommitFiles, type MergeFiles, readMergeFiles, wereInCommits } from './commit-files.ts'
export {
  existingGitBranches,
  type PullRequestFacts,
  type PullRequestState,
  pullRequestFacts,
  type RepositoryQuery,
} from './pulls.ts'

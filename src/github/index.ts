/** All traffic with GitHub: the one comment of a pull request, and what state pull requests are in. */
export { type CommentOptions, type CommentResult, upsertComment } from './comment.ts'
export { commentMarker } from './comment-marker.ts'
export { type PullRequestQuery, type PullRequestState, pullRequestStates } from './pulls.ts'

/**
 * What the stand-in of GitHub answers without anybody having seen the like. The action does not depend on any of it: it
 * knows these refusals by words that the texts of the web site have too.
 */
export const GUESSED = {
  messages: {
    /** The limit's name until 2021; the text is known, that it still comes is not. */
    'abuse detection':
      'You have triggered an abuse detection mechanism. Please wait a few minutes before you try again.',
    /** The API's words to somebody whom the owner has blocked. */
    blocked: 'User is blocked',
    /** The web site's sentence; that the API sends it too is not known. */
    'interaction limit':
      'An owner of this repository has limited the ability to comment to users that are collaborators on this repository.',
  },
  /** The type of the error of GraphQL; its message is known (renovatebot/renovate#20253). */
  allowListInGraphql: { type: 'FORBIDDEN' },
  /** GraphQL is counted by points, which the stand-in does not weigh: each request is one, of as many as REST has. */
  graphqlPoints: 1,
  /** Requests an hour: of a personal token, of a repository's job token, of nobody (manual); the rest is as for these. */
  hourly: { user: 5000, installation: 1000, anonymous: 60 },
  /** Comments a minute before content creation is blocked, and for how long nobody knows: a minute here (manual: 80). */
  content: { perMinute: 80, blockedFor: 60_000 },
} as const

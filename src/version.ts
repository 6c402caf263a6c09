/** The action's version, as it stands in package.json; a test keeps both in step. */
export const VERSION = '1.0.0'

// Jest runs TypeScript through Node's own type stripping, so the tests run what Node itself would run.
const { stripTypeScriptTypes } = require('node:module')

module.exports = { process: (source) => ({ code: stripTypeScriptTypes(source, { mode: 'strip' }) }) }

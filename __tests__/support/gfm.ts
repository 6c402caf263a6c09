/** Markdown as GitHub renders it; the demo's page is made by the same. */
export { renderGfm } from '../../sandbox/demo/markdown.ts'

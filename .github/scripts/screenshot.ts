// Takes docs/images/comment.png, the README's picture, from the same report that the tests look at.
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { findChromium, show, startChromium } from '../../__tests__/support/browser.ts'
import { scenes } from '../../__tests__/support/reports.ts'

const chromium = findChromium()
if (!chromium) throw new Error('No Chromium found. Install one or set CHROMIUM_PATH.')
const scene = scenes().find(({ name }) => name === 'pull-request-comment')
if (!scene) throw new Error('The scene pull-request-comment is gone.')

const images = new URL('../../docs/images/', import.meta.url)
await mkdir(images, { recursive: true })
const browser = await startChromium(chromium)
try {
  // The diagram is opened, the rest stays folded as a reader finds it.
  const markdown = scene.markdown.replace('<details><summary>Diagram', '<details open><summary>Diagram')
  const { page, errors } = await show(browser, markdown, { theme: 'light', frame: 'comment', unfold: false, scale: 1 })
  if (errors.length > 0) throw new Error(errors.join('\n'))
  await page.locator('.frame').screenshot({ path: fileURLToPath(new URL('comment.png', images)) })
} finally {
  await browser.close()
}

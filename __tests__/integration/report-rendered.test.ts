import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Browser } from 'playwright-core'
import { findChromium, show, startChromium } from '../support/browser.ts'
import { diagramsIn, loadMermaid } from '../support/mermaid.ts'
import { scenes } from '../support/reports.ts'

const chromium = findChromium()

// With REPORT_PICTURES set to a folder the pictures stay there to be looked at.
const keep = process.env.REPORT_PICTURES

describe('every diagram of the reports', () => {
  test('is parsed by npm mermaid, browser or not', async () => {
    const parse = await loadMermaid()
    for (const scene of scenes()) {
      const diagrams = diagramsIn(scene.markdown)
      expect([scene.name, diagrams.length]).toEqual([scene.name, scene.diagrams])
      for (const diagram of diagrams) expect(await parse(diagram)).toBe('er')
    }
  })
})

// Without a browser this says so; the diagrams are parsed above all the same.
if (!chromium) console.warn('The reports were not looked at: no Chromium on this machine (set CHROMIUM_PATH).')
const name = chromium ? `in ${chromium}` : 'NO PICTURES TAKEN: no Chromium on this machine (set CHROMIUM_PATH)'

;(chromium ? describe : describe.skip)(name, () => {
  let browser: Browser
  let folder: string

  beforeAll(async () => {
    folder = keep ?? (await mkdtemp(join(tmpdir(), 'report-pictures-')))
    browser = await startChromium(chromium ?? '')
  })

  afterAll(async () => {
    await browser.close()
    if (!keep) await rm(folder, { recursive: true })
  })

  test('the check is a real one: a broken diagram fails', async () => {
    const broken = '```mermaid\nerDiagram\n  t1["x" {\n```'
    await expect(show(browser, broken, { theme: 'light', frame: 'comment', unfold: true })).rejects.toThrow(
      /Parse error/,
    )
  })

  for (const theme of ['light', 'dark'] as const) {
    test.each(scenes())(`$name, ${theme}`, async (scene) => {
      const { page, errors, diagrams } = await show(browser, scene.markdown, {
        theme,
        frame: scene.frame,
        unfold: true,
      })
      expect(errors).toEqual([])
      expect(diagrams).toEqual({ asked: scene.diagrams, drawn: scene.diagrams })
      // Nothing runs out of the page, and every diagram has a size.
      expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true)
      const heights = await page.evaluate<number[]>(
        '[...document.querySelectorAll(".mermaid svg")].map((svg) => svg.getBoundingClientRect().height)',
      )
      expect(heights.every((height) => height > 100)).toBe(true)
      const path = join(folder, `${scene.name}-${theme}.png`)
      await page.screenshot({ path, fullPage: true })
      expect((await stat(path)).size).toBeGreaterThan(5000)
      await page.close()
    })
  }

  test('what is seen of the comment before anything is unfolded fits a screen', async () => {
    const scene = scenes().find((one) => one.name === 'pull-request-comment')
    const { page } = await show(browser, scene?.markdown ?? '', { theme: 'light', frame: 'comment', unfold: false })
    expect(await page.evaluate<number>('document.body.scrollHeight')).toBeLessThan(900)
    await page.close()
  })
})

import { globSync, readFileSync, statSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'

const licences = readFileSync('dist/licenses.txt', 'utf8')
const bundles = ['dist/index.js', 'dist/kubernetes/index.js'].map((path) => readFileSync(path, 'utf8'))

test('the whole of dist is at most 4 MB, and action.yml names its entry', () => {
  const bytes = globSync('dist/**/*', { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(`${parentPath}/${name}`).size, 0)
  expect(bytes).toBeLessThanOrEqual(4_000_000)
  expect(parse(readFileSync('action.yml', 'utf8')).runs).toEqual({ using: 'node24', main: 'dist/index.js' })
})

test('the licence of every runtime package is there, and of what they bring', () => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  for (const name of [...Object.keys(dependencies), 'axios', 'undici', 'js-yaml']) {
    expect(licences).toMatch(new RegExp(`^${name}(@| |$)`, 'm'))
  }
})

test('the Kubernetes client is in its own bundle, and only there', () => {
  const mark = 'client.authentication.k8s.io'
  expect(bundles.map((text) => text.includes(mark))).toEqual([false, true])
})

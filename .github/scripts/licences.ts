import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** What the bundler says of a bundle, as far as it is read here (webpack's stats). */
export interface Stats {
  modules?: Stats[]
  /** Path below the folder that was built. */
  name?: string
}

/** A package that is in a bundle. */
export interface BundledPackage {
  name: string
  version: string
  /** SPDX expression of its package.json. */
  licence: string
  /** Texts of its licence and notice files. */
  texts: string[]
}

/** Every package of which a bundle holds a module, by name and version; throws for one without a licence. */
export function bundledPackages(root: string, stats: Stats[]): BundledPackage[] {
  const folders = new Set(stats.flatMap(moduleNames).flatMap((name) => packageFolder(name) ?? []))
  const packages = [...folders].map((folder) => readPackage(join(root, folder)))
  const byTitle = new Map(packages.map((entry) => [`${entry.name} ${entry.version}`, entry]))
  return [...byTitle.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry)
}

function moduleNames(stats: Stats): string[] {
  return [...(stats.name ? [stats.name] : []), ...(stats.modules ?? []).flatMap(moduleNames)]
}

/** `…/node_modules/@scope/name/file.js` to its folder below the project; the staged client stands for the real one. */
function packageFolder(moduleName: string): string | undefined {
  const path = moduleName.replace(/^.*?(?=\.?\/?(?:lib\/)?node_modules\/)/, '').replace(/^\.?\//, '')
  return path.match(/^(?:lib\/)?((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/|!]+)/)?.[1]
}

function readPackage(folder: string): BundledPackage {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const files = readdirSync(folder).filter(
    (file) => /^((un)?licen[cs]e|copying|notice)/i.test(file) && !/\.(js|ts)$/.test(file),
  )
  const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').replace(/\r\n/g, '\n').trim())
  if (texts.length === 0) texts.push(readmeLicence(folder))
  const licence = typeof license === 'string' ? license : (license?.type ?? '')
  if (!licence) throw new Error(`${relative(dirname(folder), folder)} names no licence in its package.json`)
  return { name, version, licence, texts }
}

/** Some packages keep their licence in a section of the README; others only name it, and then that is all there is. */
function readmeLicence(folder: string): string {
  const readme = readdirSync(folder).find((file) => /^readme/i.test(file))
  const text = readme ? readFileSync(join(folder, readme), 'utf8').replace(/\r\n/g, '\n') : ''
  return text.match(/^(?:#+ *)?licen[cs]e\b.*\n(?:[-=]+\n)?([\s\S]*)/im)?.[1]?.trim() ?? ''
}

/** The file that goes with the bundles: each package with its licence. */
export function licenceText(packages: BundledPackage[]): string {
  const parts = packages.map(({ name, version, licence, texts }) =>
    [`${name} ${version} (${licence})`, ...texts.filter(Boolean)].join('\n\n'),
  )
  const head = 'The bundles in this folder contain the following packages.'
  return `${[head, ...parts].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

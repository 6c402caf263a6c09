/**
 * npm run build [-- --out DIR]: compiles src to lib, bundles it to DIR (default: dist) and writes the licences of all
 * that is inside. The same sources give the same bytes in every checkout.
 *
 * There are two bundles. `index.js` is the action; `kubernetes/index.js` is the Kubernetes client, which the action loads
 * only when it gets a kubeconfig. A lazy chunk of one bundle would be neither minified nor licensed by ncc.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bundledPackages, licenceText, type Stats } from './licences.ts'
import { runTool } from './tool.ts'

const MOST_BYTES = 4_000_000
const CLIENT = '@kubernetes/client-node'

const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist' } } })
const root = resolve(import.meta.dirname, '../..')
const lib = join(root, 'lib')
const out = resolve(values.out)

rmSync(lib, { recursive: true, force: true })
runTool(root, 'tsc', ['-p', 'tsconfig.build.json'])
stageClient()
rmSync(out, { recursive: true, force: true })
const stats = [bundle('lib/src/index.js', out), bundle('lib/src/kubernetes/client.js', join(out, 'kubernetes'))]
const packages = bundledPackages(root, stats)
writeFileSync(join(out, 'licenses.txt'), licenceText(packages))
report()

/**
 * A copy of the Kubernetes client whose package.json says that its modules have no side effects. They have none, but
 * without the word for it the bundler keeps the classes of all API kinds: 4.8 MB in place of 1.1 MB.
 */
function stageClient(): void {
  const from = join(root, 'node_modules', CLIENT)
  const to = join(lib, 'node_modules', CLIENT)
  mkdirSync(to, { recursive: true })
  cpSync(join(from, 'dist'), join(to, 'dist'), { recursive: true, filter: (path) => !/\.(map|d\.ts)$/.test(path) })
  symlinkSync(join(from, 'node_modules'), join(to, 'node_modules'))
  const manifest = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'))
  writeFileSync(join(to, 'package.json'), JSON.stringify({ ...manifest, sideEffects: false }))
}

/** Bundles one entry and returns what the bundler put in. */
function bundle(entry: string, directory: string): Stats {
  const statsFile = join(lib, 'stats.json')
  runTool(root, 'ncc', [
    'build',
    entry,
    '--out',
    directory,
    '--minify',
    '--no-cache',
    '--quiet',
    '--stats-out',
    statsFile,
  ])
  return JSON.parse(readFileSync(statsFile, 'utf8')) as Stats
}

function report(): void {
  const sizes = ['index.js', 'kubernetes/index.js', 'licenses.txt'].map((name) => ({
    name,
    bytes: readFileSync(join(out, name)).length,
  }))
  for (const { name, bytes } of sizes)
    console.log(`${name.padEnd(20)} ${bytes.toLocaleString('en').padStart(10)} bytes`)
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0)
  console.log(`${'together'.padEnd(20)} ${total.toLocaleString('en').padStart(10)} bytes, ${packages.length} packages`)
  if (total <= MOST_BYTES) return
  console.error(`That is more than ${MOST_BYTES.toLocaleString('en')} bytes.`)
  process.exit(1)
}

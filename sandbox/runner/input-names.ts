import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readActionFile } from './action-file.ts'

const NAME = String.raw`\(\s*(['"])([A-Za-z_][\w-]*)\1`

/**
 * Every input name that the sources below a directory hand to a reader as a literal: `getInput('x')`,
 * `core.getBooleanInput('x')`, `getMultilineInput('x')`, `reader.text('x')` and its siblings, and `name('x')` for each
 * function named in `readers`.
 */
export async function listInputNames(directory: string, readers: readonly string[] = []): Promise<string[]> {
  const callees = [String.raw`get\w*Input`, String.raw`(?:reader|inputs?)\.(?!problem\b)\w+`, ...readers]
  const pattern = new RegExp(String.raw`\b(?:${callees.join('|')})${NAME}`, 'g')
  const files = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.ts')).sort()
  const names = new Set<string>()
  for (const file of files) {
    const source = await readFile(join(directory, file), 'utf8')
    for (const match of source.matchAll(pattern)) if (match[2]) names.add(match[2])
  }
  return [...names].sort()
}

/**
 * Holds the names that the sources read against those that action.yml declares.
 * @returns `undeclared`: read but not declared, always empty at run time; `unread`: declared but never read.
 */
export async function compareInputNames(
  actionDirectory: string,
  sources: string,
  readers: readonly string[] = [],
): Promise<{ undeclared: string[]; unread: string[] }> {
  const declared = [...(await readActionFile(actionDirectory)).inputs.keys()]
  const read = await listInputNames(sources, readers)
  return {
    undeclared: read.filter((name) => !declared.includes(name)),
    unread: declared.filter((name) => !read.includes(name)),
  }
}

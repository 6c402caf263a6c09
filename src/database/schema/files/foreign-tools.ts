import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { ActionError } from '../../../runtime/errors.ts'
import { splitStatements } from '../../sql/split.ts'
import { placeAt } from '../../sql/text-place.ts'
import { instructions, type LineComment } from './directives.ts'
import { forwardNames, skipReason } from './order.ts'
import type { SchemaFile } from './schema-file.ts'
import { TOOLS, type Tool } from './tools.ts'

/** A file as far as its name goes. */
interface NamedFile {
  /** Below the workspace with `/`. */
  path: string
  /** Below the schema folder with `/`. */
  name: string
}

/**
 * Throws an {@link ActionError} when the name of a file, or the name of one beside it, is in the form of another migration
 * tool. All files count that were found, also those that undo and so would not run.
 */
export function refuseForeignNames(files: NamedFile[]): void {
  const names = new Set(files.map(({ path: file }) => file.toLowerCase()))
  for (const tool of TOOLS) {
    for (const file of files) {
      if (tool.names?.some((form) => form.test(file.name))) throw foreign(tool, 'its name', file.path, { isName: true })
      if (!tool.pair?.name.test(file.path)) continue
      const other = file.path.replace(tool.pair.name, tool.pair.other)
      if (names.has(other.toLowerCase())) throw foreign(tool, `${path.posix.basename(other)} beside it`, file.path)
    }
  }
  const anyTool = TOOLS.find(({ sections }) => sections)
  for (const file of files) {
    const forward = skipReason(file.name) ? undefined : forwardNames(file.path).find((name) => names.has(name))
    if (forward && anyTool) {
      throw foreign(anyTool, `its name, beside ${path.posix.basename(forward)},`, file.path, { isName: true })
    }
  }
}

/**
 * Throws an {@link ActionError} when a file is in the format of another migration tool, by its comments or by the files
 * beside it. It names the tool, the file, and the `migrate_command` to use instead.
 */
export async function refuseForeignFormats(workspace: string, files: SchemaFile[]): Promise<void> {
  const folders = new Folders(workspace)
  for (const file of files) {
    refuseText(file)
    for (const tool of TOOLS) {
      for (const { file: marker, above } of tool.markers ?? []) {
        for (const folder of foldersOf(file.path, above?.of.test(file.path) ? above.folders : 0)) {
          if (await folders.has(folder, marker)) {
            throw foreign(tool, path.posix.join(folder, marker), file.path, { project: folder })
          }
        }
      }
    }
  }
}

/** The folder of a file, and so many above it within the workspace. */
function foldersOf(file: string, above: number): string[] {
  const found = [path.posix.dirname(file)]
  while (found.length <= above && found.at(-1) !== '.') found.push(path.posix.dirname(found.at(-1) ?? '.'))
  return found
}

function refuseText(file: SchemaFile): void {
  const comments = instructions(file.text)
  for (const tool of TOOLS) {
    const { placeholders } = tool
    const comment = comments.find(({ text }) => tool.comments?.some((form) => form.test(text)))
    const heading = comment ?? bothSections(tool, file, comments)
    if (heading) {
      const { line } = placeAt(file.text, heading.start)
      throw foreign(tool, `the comment "${heading.text.trim().slice(0, 60)}"`, file.path, { line })
    }
    const found = placeholders?.names.test(file.path) ? placeholders.text.exec(file.text) : null
    if (found) {
      const { line } = placeAt(file.text, found.index)
      throw foreign(tool, `the placeholder "${found[0].slice(0, 60)}"`, file.path, { line })
    }
  }
}

/** The second heading of a file that has both and goes on behind it with SQL that is no comment. */
function bothSections({ sections }: Tool, file: SchemaFile, comments: LineComment[]): LineComment | undefined {
  if (!sections || !comments.some(({ text }) => sections.up.test(text))) return undefined
  const down = comments.find(({ text }) => sections.down.test(text))
  return down && splitStatements(file.text.slice(down.start)).length > 0 ? down : undefined
}

interface Sign {
  /** Where the tool's own file is. */
  project?: string
  line?: number
  /** Whether it is the name alone that tells. */
  isName?: boolean
}

function foreign(
  tool: Tool,
  sign: string,
  file: string,
  { project, line = 1, isName = false }: Sign = {},
): ActionError {
  const folder = path.posix.dirname(file)
  const command = tool.command({ folder, project: project ?? folder })
  const rename = isName ? 'If the file is none of that tool, give it another name. Otherwise leave' : 'Leave'
  return new ActionError(`Could not take ${file} as plain SQL: ${sign} says that it belongs to ${tool.name}.`, {
    advice: `${tool.harm} ${rename} the input schema empty and let ${tool.name} run its files, with migrate_command: ${command}`,
    location: { file, line },
  })
}

/** Names in folders of the workspace, each folder read once. */
class Folders {
  private readonly workspace: string
  private readonly names = new Map<string, Promise<Set<string>>>()

  constructor(workspace: string) {
    this.workspace = workspace
  }

  async has(folder: string, marker: string): Promise<boolean> {
    const name = path.posix.basename(marker)
    return (await this.list(path.posix.join(folder, path.posix.dirname(marker)))).has(name)
  }

  private list(folder: string): Promise<Set<string>> {
    const known = this.names.get(folder)
    if (known) return known
    const listed = readdir(path.join(this.workspace, folder)).then(
      (names) => new Set(names),
      () => new Set<string>(),
    )
    this.names.set(folder, listed)
    return listed
  }
}

/** A workflow command that a line of the log carries. */
export interface Command {
  name: string
  properties: Record<string, string>
  data: string
}

const COMMANDS = new Set([
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning',
])

// The order matters: the percent sign comes last, or an escaped escape would be undone twice (ActionCommand.cs).
const DATA: [string, string][] = [
  ['%0D', '\r'],
  ['%0A', '\n'],
  ['%25', '%'],
]
const PROPERTY: [string, string][] = [['%3A', ':'], ['%2C', ','], ...DATA]
const LEGACY: [string, string][] = [['%3B', ';'], ['%5D', ']'], ...DATA]

/**
 * The command of a line, or undefined: `::name key=value,key=value::data` at its start, or the older
 * `##[name key=value;key=value]data` anywhere in it (runner: ActionCommand.cs).
 * @param stopToken the word that ends `stop-commands`; while it is set, it is the only command.
 */
export function parseCommand(line: string, stopToken = ''): Command | undefined {
  const known = (name: string) => (stopToken ? name === stopToken : COMMANDS.has(name.toLowerCase()))
  const current = /^\s*::(?<name>[^\s:]+)(?: (?<properties>.*?))?::(?<data>.*)$/s.exec(line)?.groups
  if (current?.name && known(current.name)) return command(current, ',', PROPERTY, DATA)
  const older = /##\[(?<name>[^\s\]]+)(?: (?<properties>[^\]]*))?\](?<data>.*)$/s.exec(line)?.groups
  if (older?.name && known(older.name)) return command(older, ';', LEGACY, LEGACY)
  return undefined
}

function command(
  groups: Record<string, string | undefined>,
  separator: string,
  propertyEscapes: [string, string][],
  dataEscapes: [string, string][],
): Command {
  const properties: Record<string, string> = {}
  for (const pair of (groups.properties ?? '').split(separator)) {
    const at = pair.indexOf('=')
    if (at > 0) properties[pair.slice(0, at).trim()] = decode(pair.slice(at + 1), propertyEscapes)
  }
  return { name: (groups.name ?? '').toLowerCase(), properties, data: decode(groups.data ?? '', dataEscapes) }
}

function decode(text: string, escapes: [string, string][]): string {
  return escapes.reduce((plain, [escaped, char]) => plain.replaceAll(escaped, char), text)
}

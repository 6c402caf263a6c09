/**
 * Writes the tables of inputs and outputs in README.md, and the defaults in src/inputs/defaults.ts, from action.yml, and the
 * table of figures in docs/reliability.md from docs/reliability/*.json; with --check, only says whether they are in step.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parse } from 'yaml'
import { reliabilityTable } from './reliability.ts'

interface Item {
  description: string
  default?: string
}

interface Action {
  inputs: Record<string, Item>
  outputs: Record<string, Item>
}

// The default of inputs for which an expression that came out empty must be told apart from no input at all.
const NOT_GIVEN = '<not given>'

const cell = (text: string) =>
  text
    .trim()
    .replaceAll('|', '\\|')
    .replace(/\s*\n\s*/g, ' ')

function inputTable(inputs: Action['inputs']): string {
  const rows = Object.entries(inputs).map(([name, { description, default: value }]) => {
    const shown = value && value !== NOT_GIVEN ? `\`${cell(value)}\`` : ''
    return `| \`${name}\` | ${shown} | ${cell(description)} |`
  })
  return ['| Input | Default | |', '| --- | --- | --- |', ...rows].join('\n')
}

function outputTable(outputs: Action['outputs']): string {
  const rows = Object.entries(outputs).map(([name, { description }]) => `| \`${name}\` | ${cell(description)} |`)
  return ['| Output | |', '| --- | --- |', ...rows].join('\n')
}

function between(readme: string, name: string, content: string): string {
  const pattern = new RegExp(
    `(<!-- ${name}: generated from [\\w./*-]+ by npm run docs -->\\n)[\\s\\S]*?(\\n<!-- ${name} end -->)`,
  )
  if (!pattern.test(readme)) throw new Error(`there is no section '${name}'`)
  return readme.replace(pattern, (_, start: string, end: string) => `${start}${content}${end}`)
}

/** The defaults of action.yml as a TypeScript table, so that the sources know which input the user gave. */
function defaultsSource(inputs: Action['inputs']): string {
  const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const rows = Object.entries(inputs).map(([name, { default: value = '' }]) => {
    // The runner fills in an expression: what arrives is never this text.
    const known = value.includes('${{') ? 'null' : quote(value)
    return `  ${/^\w+$/.test(name) ? name : quote(name)}: ${known},`
  })
  return [
    '/** Inputs with their defaults, generated from action.yml by npm run docs; null where the runner fills one in. */',
    'export const INPUT_DEFAULTS = {',
    ...rows,
    '} as const',
    '',
    '/** An input of action.yml. */',
    'export type InputName = keyof typeof INPUT_DEFAULTS',
    '',
  ].join('\n')
}

const action = parse(readFileSync('action.yml', 'utf8')) as Action
const readme = readFileSync('README.md', 'utf8')
const files = {
  'README.md': between(between(readme, 'inputs', inputTable(action.inputs)), 'outputs', outputTable(action.outputs)),
  'src/inputs/defaults.ts': defaultsSource(action.inputs),
  'docs/reliability.md': between(
    readFileSync('docs/reliability.md', 'utf8'),
    'figures',
    reliabilityTable('docs/reliability'),
  ),
}
for (const [path, wanted] of Object.entries(files)) {
  if (!process.argv.includes('--check')) writeFileSync(path, wanted)
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== wanted) {
    console.error(`${path} is not in step with what it is made of: run npm run docs.`)
    process.exitCode = 1
  }
}

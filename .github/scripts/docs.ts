/** Writes the tables of inputs and outputs in README.md from action.yml; with --check, only says whether they are in step. */
import { readFileSync, writeFileSync } from 'node:fs'
import { parse } from 'yaml'

interface Item {
  description: string
  default?: string
}

interface Action {
  inputs: Record<string, Item>
  outputs: Record<string, Item>
}

const cell = (text: string) =>
  text
    .trim()
    .replaceAll('|', '\\|')
    .replace(/\s*\n\s*/g, ' ')

function inputTable(inputs: Action['inputs']): string {
  const rows = Object.entries(inputs).map(([name, { description, default: value }]) => {
    return `| \`${name}\` | ${value ? `\`${cell(value)}\`` : ''} | ${cell(description)} |`
  })
  return ['| Input | Default | |', '| --- | --- | --- |', ...rows].join('\n')
}

function outputTable(outputs: Action['outputs']): string {
  const rows = Object.entries(outputs).map(([name, { description }]) => `| \`${name}\` | ${cell(description)} |`)
  return ['| Output | |', '| --- | --- |', ...rows].join('\n')
}

function between(readme: string, name: string, content: string): string {
  const pattern = new RegExp(
    `(<!-- ${name}: generated from action.yml by npm run docs -->\\n)[\\s\\S]*?(\\n<!-- ${name} end -->)`,
  )
  if (!pattern.test(readme)) throw new Error(`README.md has no section '${name}'`)
  return readme.replace(pattern, (_, start: string, end: string) => `${start}${content}${end}`)
}

const action = parse(readFileSync('action.yml', 'utf8')) as Action
const before = readFileSync('README.md', 'utf8')
const after = between(between(before, 'inputs', inputTable(action.inputs)), 'outputs', outputTable(action.outputs))
if (process.argv.includes('--check')) {
  if (before !== after) {
    console.error('README.md is not in step with action.yml: run npm run docs.')
    process.exit(1)
  }
} else {
  writeFileSync('README.md', after)
}

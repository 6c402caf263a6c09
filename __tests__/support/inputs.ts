import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { type Config, judgeInputs } from '../../src/inputs/index.ts'
import { createSecrets } from '../../src/runtime/secrets.ts'

const action = parse(readFileSync('action.yml', 'utf8')) as { inputs: Record<string, { default?: string }> }

/** All inputs of action.yml. */
export const INPUT_NAMES = Object.keys(action.inputs)

/** An input reader as the runner gives it: the user's values over action.yml's defaults. */
export function inputReader(values: Record<string, string>): (name: string) => string {
  for (const name of Object.keys(values)) {
    if (!(name in action.inputs)) throw new Error(`action.yml has no input ${name}`)
  }
  return (name) => {
    const item = action.inputs[name]
    if (item === undefined) throw new Error(`the sources read input ${name}, which action.yml does not have`)
    return values[name] ?? item.default ?? ''
  }
}

/** A configuration from a few inputs; a Neon project and key unless told otherwise. */
export function configOf(values: Record<string, string> = {}): Promise<Config> {
  const given = { api_key: 'napi_test_key_0001', project_id: 'lucky-sun-12345678', ...values }
  return judgeInputs(
    inputReader(given),
    createSecrets(() => undefined),
  )
}

import { readFileSync, writeFileSync } from 'node:fs'
import { comparable } from './allowed.ts'
import { REQUESTS } from './requests.ts'
import type { Told } from './send.ts'

const FILE = new URL('../../fixtures/kubernetes-answers.json', import.meta.url)

/** What a real server answered, when it was last asked. */
export interface Recorded {
  /** `kube-apiserver v1.20.2` */
  server: string
  answers: Map<string, Told>
}

/** Reads the committed answers. */
export function readRecorded(): Recorded {
  const { server, answers } = JSON.parse(readFileSync(FILE, 'utf8'))
  return { server, answers: new Map(Object.entries(answers)) }
}

/** Writes the answers of a real server down, one request a line. */
export function writeRecorded({ server, answers }: Recorded): void {
  const lines = [...answers].map(([name, told]) => `${JSON.stringify(name)}:${JSON.stringify(comparable(name, told))}`)
  writeFileSync(FILE, `{"server":${JSON.stringify(server)},"answers":{\n${lines.join(',\n')}\n}}\n`)
}

/**
 * Where two servers answered differently, the order of members included: the name of the request with both answers. What
 * may differ ({@link comparable}) does not count.
 */
export function differences(one: Map<string, Told>, other: Map<string, Told>): string[] {
  const shown = (name: string, answers: Map<string, Told>) => {
    const told = answers.get(name)
    return told ? JSON.stringify(comparable(name, told)) : 'nothing'
  }
  return REQUESTS.map(({ name }) => [name, shown(name, one), shown(name, other)] as const)
    .filter(([, left, right]) => left !== right)
    .map(([name, left, right]) => `${name}\n  ${left}\n  ${right}`)
}

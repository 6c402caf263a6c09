/** npm run demo: plays a repository's story with the committed dist against the sandbox, and writes it as a page. */
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type RunResult, runAction } from '../runner/index.ts'
import { findProcesses } from '../runner/process-tree.ts'
import { checkEach } from './expectations.ts'
import { seen } from './markdown.ts'
import { type PageStep, writePage } from './page.ts'
import { PULL_REQUEST, type Stage, setStage } from './stage.ts'
import { runOptions, STORY, type Step } from './story.ts'
import { bold, createPrinter, dim, green, red, table } from './terminal.ts'

const root = resolve(import.meta.dirname, '../..')
const { values } = parseArgs({ options: { out: { type: 'string', default: join(root, '.sandbox/demo') } } })
const started = performance.now()
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort())

/** A step that was played. */
interface Played {
  step: Step
  result: RunResult
  comment: string
  neonRequests: number
  githubRequests: number
  /** What did not hold. */
  faults: string[]
}

process.exitCode = await play().catch((error: unknown) => {
  console.error(red(error instanceof Error ? (error.stack ?? error.message) : String(error)))
  return 1
})

async function play(): Promise<number> {
  console.log(dim('Starting Neon on real PostgreSQL, GitHub and Kubernetes on 127.0.0.1 …'))
  const played: Played[] = []
  const stage = await setStage()
  try {
    for (const step of STORY) {
      if (interrupted.signal.aborted) break
      const one = await playStep(step, stage)
      played.push(one)
      for (const fault of one.faults) console.log(red(`  ✗ ${fault}`))
      if (one.faults.length > 0) break
    }
  } finally {
    await stage.close()
  }
  if (interrupted.signal.aborted) {
    console.log('Interrupted; everything is stopped and removed.')
    return 130
  }
  const left = await stillRunning()
  await tell(played, left)
  const whole = played.length === STORY.length && played.every(({ faults }) => faults.length === 0)
  return whole && left.length === 0 ? 0 : 1
}

async function playStep(step: Step, stage: Stage): Promise<Played> {
  console.log(`\n${bold(`${step.letter}) ${step.title}`)}`)
  await step.before?.(stage)
  const marks = { neon: stage.neon.journal.length, github: stage.github.journal.length }
  const print = createPrinter((line) => console.log(line))
  const result = await runAction({
    ...runOptions(step, stage),
    cancel: { signal: interrupted.signal },
    onLine: (line) => print(line),
  })
  const neonRequests = stage.neon.journal.length - marks.neon
  const githubRequests = stage.github.journal.length - marks.github
  const comment = step.event.name === 'pull_request' ? (stage.github.comments(PULL_REQUEST)[0]?.body ?? '') : ''
  if (step.shows) console.log(`\n${bold('  The comment, as it is seen')}\n${indented(seen(comment))}`)
  const wanted = step.fails ? 'failure' : 'success'
  const faults = interrupted.signal.aborted
    ? []
    : [...checkEach(result, stage, wanted), ...(await step.expect(result, stage))]
  return { step, result, comment, neonRequests, githubRequests, faults }
}

function indented(text: string): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => `  ┃ ${line}`)
    .join('\n')
}

/** Children of this process that outlived the sandbox. */
async function stillRunning(): Promise<string[]> {
  const found = await findProcesses(process.pid, `demo_${process.pid}`)
  return found.filter(({ pid }) => pid !== process.pid).map(({ command }) => command)
}

async function tell(played: readonly Played[], left: readonly string[]): Promise<void> {
  const page = await writePage(resolve(values.out), played.map(pageStep))
  const rows = played.map(({ step, result, neonRequests, githubRequests, faults }) => [
    faults.length === 0 ? green('✓') : red('✗'),
    step.letter,
    eventName(step),
    result.outputs.outcome ?? result.conclusion,
    seconds(result),
    String(neonRequests),
    String(githubRequests),
  ])
  console.log(`\n${table([[' ', ' ', 'event', 'outcome', 'seconds', 'Neon requests', 'GitHub requests'], ...rows])}`)
  for (const command of left) console.log(red(`still running: ${command}`))
  console.log(`\nComments and summaries to look at: ${relative(process.cwd(), page)}`)
  const faults = played.flatMap((one) => one.faults).length + left.length
  const time = `${((performance.now() - started) / 1000).toFixed(1)} s`
  if (faults === 0 && played.length === STORY.length)
    console.log(green(`Everything held, in ${time}. Nothing is left running.`))
  else console.log(red(`${faults} expectations did not hold after ${time}.`))
}

function pageStep({ step, result, comment }: Played): PageStep {
  const { letter, title } = step
  const outcome = result.outputs.outcome ?? result.conclusion
  const failed = result.conclusion !== 'success'
  return {
    letter,
    title,
    outcome,
    failed,
    seconds: `${seconds(result)} s`,
    log: result.log,
    summary: result.summary,
    comment,
  }
}

function eventName({ event }: Step): string {
  return event.name === 'pull_request' ? `${event.name} ${event.action}` : event.name
}

function seconds(result: RunResult): string {
  return (result.milliseconds / 1000).toFixed(1)
}

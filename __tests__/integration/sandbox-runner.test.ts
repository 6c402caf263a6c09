import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  compareInputNames,
  listInputNames,
  type RunOptions,
  type RunResult,
  runAction,
} from '../../sandbox/runner/index.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const SECRET = 'npg_p4ss%w0rd!"x'

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'runner-test-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

/** A folder with an action.yml of these inputs and outputs, and a main script. */
async function writeAction(script: string, definition = 'inputs: {}\noutputs: {}', using = 'node24'): Promise<string> {
  const folder = await mkdtemp(join(root, 'action-'))
  await writeFile(
    join(folder, 'action.yml'),
    `name: fixture\n${definition}\nruns:\n  using: ${using}\n  main: main.mjs\n`,
  )
  await writeFile(join(folder, 'main.mjs'), script)
  return folder
}

/** Runs a script as an action on a push. */
async function run(script: string, options: Partial<RunOptions> = {}, definition?: string): Promise<RunResult> {
  return runAction({ action: await writeAction(script, definition), event: { name: 'push' }, ...options })
}

/** The environment that a run of these options has, and the payload of its event. */
async function look(options: Partial<RunOptions>, definition?: string) {
  const script = `import { readFileSync, writeFileSync } from 'node:fs'
    const event = JSON.parse(readFileSync(process.env.GITHUB_EVENT_PATH, 'utf8'))
    writeFileSync(process.env.GITHUB_OUTPUT, 'seen<<END\\n' + JSON.stringify({ env: process.env, event, cwd: process.cwd() }) + '\\nEND\\n')`
  const result = await run(script, options, definition)
  return JSON.parse(result.outputs.seen ?? '') as {
    env: Record<string, string>
    // biome-ignore lint/suspicious/noExplicitAny: a payload is looked into by path, wrong paths fail the test
    event: any
    cwd: string
  }
}

describe('action.yml and the environment', () => {
  const inputs = `inputs:
  api_key: { required: true }
  mode: { default: auto }
  count: { default: 3 }
  two words: { default: spaced }
  with-dash: { default: "\${{ github.event_name }}" }
  github_token: { default: "\${{ github.token }}" }
  head: { default: "\${{ github.event.pull_request.head.sha }}" }
  old: { deprecationMessage: use mode }`

  test('inputs come as the runner sets them: upper case, blanks replaced, dashes kept, defaults evaluated', async () => {
    const { env } = await look({ inputs: { API_KEY: ' raw ' }, token: 'ghs_abcdef' }, inputs)
    const given = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('INPUT_')))
    expect(given).toEqual({
      INPUT_API_KEY: ' raw ',
      INPUT_MODE: 'auto',
      INPUT_COUNT: '3',
      INPUT_TWO_WORDS: 'spaced',
      'INPUT_WITH-DASH': 'push',
      INPUT_GITHUB_TOKEN: 'ghs_abcdef',
      INPUT_HEAD: '',
      INPUT_OLD: '',
    })
  })

  test('an input that action.yml does not know is a warning, and reaches the action', async () => {
    const given = { apikey: 'x', 'Github-Token': 'y', 'Two Words': 'z' }
    const script = `import { writeFileSync } from 'node:fs'
      writeFileSync(process.env.GITHUB_OUTPUT, 'env<<END\\n' + JSON.stringify(process.env) + '\\nEND\\n')`
    const result = await run(script, { inputs: given }, inputs)
    const all = "'api_key', 'mode', 'count', 'two words', 'with-dash', 'github_token', 'head', 'old'"
    expect(result.annotations).toEqual([
      { type: 'warning', message: `Unexpected input(s) 'apikey', 'Github-Token', valid inputs are [${all}]` },
    ])
    expect(result.conclusion).toBe('success')
    expect(JSON.parse(result.outputs.env ?? '')).toMatchObject({
      INPUT_APIKEY: 'x',
      'INPUT_GITHUB-TOKEN': 'y',
      INPUT_TWO_WORDS: 'z',
      INPUT_API_KEY: '',
    })
  })

  test('an input given as empty text is empty; only an absent one has its default', async () => {
    const { env } = await look({ inputs: { mode: '', Count: '' }, token: 'ghs_abcdef' }, inputs)
    expect(env).toMatchObject({ INPUT_MODE: '', INPUT_COUNT: '', INPUT_GITHUB_TOKEN: 'ghs_abcdef' })
  })

  test('a deprecated input warns when it is used, in the words of the workflow, and before an unexpected one', async () => {
    const result = await run('', { inputs: { odd: '', Old: '' } }, inputs)
    expect(result.annotations.map(({ message }) => message)).toEqual([
      "Input 'Old' has been deprecated with message: use mode",
      expect.stringMatching(/^Unexpected input\(s\) 'odd', valid inputs are \['api_key', /),
    ])
    expect((await run('', { inputs: { mode: 'x' } }, inputs)).annotations).toEqual([])
  })

  test('an action for another Node is refused', async () => {
    const action = await writeAction('', undefined, 'node20')
    await expect(runAction({ action, event: { name: 'push' } })).rejects.toThrow('runs.using is node20, not node24')
  })

  test('runs in Node 24, in the workspace, with nothing of the tester’s environment but PATH and HOME', async () => {
    process.env.TESTER_SECRET = 'must not be seen'
    const workspace = await mkdtemp(join(root, 'workspace-'))
    try {
      const { env, cwd } = await look({ workspace, env: { EXTRA: 'yes' } })
      expect(cwd).toBe(workspace)
      expect(env.GITHUB_WORKSPACE).toBe(workspace)
      // macOS gives this one to every process.
      const own = (name: string) => /^(?:GITHUB|RUNNER|INPUT)_|^__CF_USER_TEXT_ENCODING$/.test(name)
      const foreign = Object.keys(env).filter((name) => !own(name))
      expect(foreign.sort()).toEqual(['CI', 'EXTRA', 'HOME', 'PATH', 'TMPDIR'])
      expect(env).toMatchObject({
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        EXTRA: 'yes',
        RUNNER_ENVIRONMENT: 'github-hosted',
      })
    } finally {
      delete process.env.TESTER_SECRET
    }
    const result = await run('console.log(process.version)')
    expect(result.log).toMatch(/^v24\./)
  })

  test('each repository has an id of its own, always the same, unless one is given', async () => {
    const idOf = async (repository: RunOptions['repository']) => {
      const { env, event } = await look(repository === undefined ? {} : { repository })
      expect(env.GITHUB_REPOSITORY_ID).toBe(String(event.repository.id))
      return event.repository.id as number
    }
    const [unnamed, demo, other] = [await idOf(undefined), await idOf('Octo/Demo'), await idOf('octo/other')]
    expect(demo).toBe(unnamed)
    expect(other).not.toBe(demo)
    expect(await idOf({ fullName: 'octo/other', id: 42 })).toBe(42)
  })

  test('the addresses of a server of one’s own reach the step', async () => {
    const { env } = await look({
      apiUrl: 'http://ghes/api/v3',
      graphqlUrl: 'http://ghes/api/graphql',
      serverUrl: 'http://ghes',
    })
    expect(env).toMatchObject({
      GITHUB_API_URL: 'http://ghes/api/v3',
      GITHUB_GRAPHQL_URL: 'http://ghes/api/graphql',
      GITHUB_SERVER_URL: 'http://ghes',
    })
  })
})

describe('events', () => {
  const see = async (event: RunOptions['event']) => {
    const { env, event: payload } = await look({ event })
    const {
      GITHUB_REF: ref,
      GITHUB_HEAD_REF: head,
      GITHUB_BASE_REF: base,
      GITHUB_EVENT_NAME: name,
      GITHUB_SHA: sha,
    } = env
    return { ref, head, base, name, sha, actor: env.GITHUB_ACTOR, payload }
  }

  test('pull_request sees the merge branch', async () => {
    const seen = await see({ name: 'pull_request', action: 'synchronize', number: 7, headRef: 'add-tags' })
    expect(seen).toMatchObject({ ref: 'refs/pull/7/merge', head: 'add-tags', base: 'main', name: 'pull_request' })
    expect(seen.payload).toMatchObject({
      action: 'synchronize',
      number: 7,
      pull_request: { state: 'open', head: { repo: { full_name: 'octo/demo', fork: false } }, base: { ref: 'main' } },
    })
    expect(seen.sha).not.toBe(seen.payload.pull_request.head.sha)
  })

  test('a closed pull request that was merged sees the branch it went into', async () => {
    const merged = await see({ name: 'pull_request', action: 'closed', number: 7, merged: true })
    expect(merged).toMatchObject({
      ref: 'refs/heads/main',
      payload: { pull_request: { merged: true, state: 'closed' } },
    })
    const dropped = await see({ name: 'pull_request', action: 'closed', number: 7 })
    expect(dropped).toMatchObject({ ref: 'refs/pull/7/merge', payload: { pull_request: { merged: false } } })
  })

  test('a fork, a deleted fork and Dependabot can be told apart', async () => {
    const fork = await see({
      name: 'pull_request',
      action: 'opened',
      number: 1,
      headRepository: 'stranger/demo',
      author: 'stranger',
    })
    expect(fork.payload.pull_request.head).toMatchObject({ label: 'stranger:feature-1', repo: { fork: true } })
    const gone = await see({ name: 'pull_request', action: 'closed', number: 1, headRepository: null })
    expect(gone.payload.pull_request.head.repo).toBeNull()
    const bot = await see({ name: 'pull_request', action: 'opened', number: 1, author: 'dependabot[bot]' })
    expect(bot.actor).toBe('dependabot[bot]')
    expect(bot.payload.pull_request.user).toMatchObject({ login: 'dependabot[bot]', type: 'Bot' })
  })

  test('pull_request_target sees the base branch and the base commit', async () => {
    const seen = await see({
      name: 'pull_request_target',
      action: 'opened',
      number: 7,
      headRepository: 'stranger/demo',
    })
    expect(seen).toMatchObject({ ref: 'refs/heads/main', base: 'main', head: 'feature-7' })
    expect(seen.sha).toBe(seen.payload.pull_request.base.sha)
  })

  test('a schedule says nothing of the repository: only the variables do', async () => {
    const seen = await see({ name: 'schedule', cron: '1 2 * * *' })
    expect(seen).toMatchObject({ name: 'schedule', ref: 'refs/heads/main', head: '', base: '' })
    expect(seen.payload).toEqual({ schedule: '1 2 * * *' })
  })
})

describe('the log', () => {
  test('commands are unescaped once, and only commands', async () => {
    const result =
      await run(`console.log('::error file=sql/1.sql,line=3,col=7,title=42P01%3A missing%2C table::100%25%0Asecond %250A')
      console.log('  ::notice::indented')
      console.log('::unknown::stays')
      console.log('text ::warning::no command')
      console.error('::warning::from standard error')`)
    expect(result.annotations).toEqual([
      {
        type: 'error',
        message: '100%\nsecond %0A',
        title: '42P01: missing, table',
        file: 'sql/1.sql',
        line: 3,
        column: 7,
      },
      { type: 'notice', message: 'indented' },
      { type: 'warning', message: 'from standard error' },
    ])
    expect(result.log).toContain('::unknown::stays\ntext ::warning::no command')
    expect(result.log).toContain('##[error]100%\nsecond %0A')
  })

  test('groups are kept with their lines', async () => {
    const result = await run(
      `console.log('::group::Neon project'); console.log('inside'); console.log('::endgroup::'); console.log('after')`,
    )
    expect(result.groups).toEqual([{ title: 'Neon project', lines: ['inside'] }])
    expect(result.log).toBe('##[group]Neon project\ninside\n##[endgroup]\nafter')
  })

  test('debug lines are shown only when debugging', async () => {
    const script = `console.log('::debug::quiet'); console.log(String(process.env.RUNNER_DEBUG))`
    expect((await run(script)).log).toBe('undefined')
    expect((await run(script, { debug: true })).log).toBe('##[debug]quiet\n1')
  })

  test('stop-commands stops them until its word', async () => {
    const result = await run(
      `for (const line of ['::stop-commands::word', '::error::no', '::word::', '::error::yes']) console.log(line)`,
    )
    expect(result.annotations.map(({ message }) => message)).toEqual(['yes'])
  })

  test('lines come masked while the step runs', async () => {
    const lines: string[] = []
    await run(
      `console.log('::add-mask::' + ${JSON.stringify(SECRET)}.replace('%', '%25')); console.log('key ${SECRET}')`,
      {
        onLine: (line) => lines.push(line),
      },
    )
    expect(lines).toEqual(['key ***'])
  })

  test('ten annotations of a type are kept, and 4,096 characters of each', async () => {
    const result = await run(`for (let n = 1; n <= 12; n += 1) console.log('::warning::number ' + n)
      console.log('::error::' + 'x'.repeat(5000))`)
    expect(result.annotations.filter(({ type }) => type === 'warning').at(-1)?.message).toBe('number 10')
    expect(result.droppedAnnotations.map(({ message }) => message)).toEqual(['number 11', 'number 12'])
    expect(result.annotations.find(({ type }) => type === 'error')?.message).toHaveLength(4096)
    expect(result.log).toContain('##[warning]number 12')
  })
})

describe('masks and leaks', () => {
  const addMask = `console.log('::add-mask::' + ${JSON.stringify(SECRET)}.replaceAll('%', '%25'))\n`

  test('a secret printed before its mask is caught, one printed after it is not seen', async () => {
    const late = await run(`console.log('url ${SECRET}')\n${addMask}console.log('again ${SECRET}')`)
    expect(late.log).toBe(`url ${SECRET}\nagain ***`)
    expect(late.leaks([SECRET])).toEqual([{ where: 'log line 1', secret: 0, form: 'raw' }])
    const early = await run(`${addMask}console.log('url ${SECRET}')`)
    expect(early.masks).toEqual([SECRET])
    expect(early.leaks([SECRET])).toEqual([])
  })

  test('encoded forms are masked as the runner masks them, and caught where it does not', async () => {
    const result = await run(`${addMask}const secret = ${JSON.stringify(SECRET)}
      console.log(Buffer.from(secret).toString('base64'))
      console.log(JSON.stringify({ secret }))
      console.log('%21 ' + encodeURIComponent(secret).replaceAll('!', '%21'))
      console.log('raw ! ' + encodeURIComponent(secret))`)
    const [base64, json, strict, javascript] = result.log.split('\n')
    expect([base64, json, strict]).toEqual(['***', '{"secret":"***"}', '%21 ***'])
    // The runner escapes the exclamation mark, JavaScript does not: this is why the action masks both.
    expect(javascript).toBe(`raw ! ${encodeURIComponent(SECRET)}`)
    expect(result.leaks([SECRET])).toEqual([{ where: 'log line 4', secret: 0, form: 'uri' }])
  })

  test.each([1, 2, 3])('base64 behind %i bytes of other text is found as a leak', async (count) => {
    const result = await run(
      `console.log(Buffer.from('u'.repeat(${count}) + ${JSON.stringify(SECRET)} + ' and more').toString('base64'))`,
    )
    expect(result.leaks([SECRET])).toEqual([{ where: 'log line 1', secret: 0, form: 'base64' }])
    expect(result.leaks(['another secret'])).toEqual([])
  })

  test.each([
    ['html', '"npg" + String.fromCharCode(38) + "#95;canary&#x5f;0001"', 'npg_canary_0001'],
    ['html', '"a&lt;b&gt;c&amp;d"', 'a<b>c&d'],
    ['json', '"say \\\\u003cb\\\\u003e"', 'say <b>'],
    ['uri', '"%6e%70%67_canary"', 'npg_canary'],
    ['uri', '"a%252Fb%252Fc/d"', 'a/b/c/d'],
    ['part', '"npg_canary_0…"', 'npg_canary_0001'],
    ['part', '"npg_canary_0…"', 'postgresql://u:npg_canary_0001@host/db'],
    ['part', 'Buffer.from("u:npg_canary_0001@").toString("base64")', 'postgresql://u:npg_canary_0001@host/db'],
  ])('what a reader undoes is a leak: %s', async (form, expression, secret) => {
    const result = await run(`console.log(${expression})`)
    expect(result.leaks([secret])).toEqual([{ where: 'log line 1', secret: 0, form }])
  })

  test('a carriage return ends a line, as for the runner', async () => {
    const result = await run(`process.stdout.write('progress 1\\r::set-output name=x::forged\\rend\\r\\n')`)
    expect(result.outputs).toEqual({ x: 'forged' })
    expect(result.rawLog.split('\n')).toEqual(['progress 1', '::set-output name=x::forged', 'end'])
  })

  test('each line of a masked text is masked', async () => {
    const result = await run(
      `console.log('::add-mask::first-line%0Asecond-line'); console.log('a first-line b second-line')`,
    )
    expect(result.log).toBe('a *** b ***')
    expect(result.leaks(['first-line\nsecond-line'])).toEqual([])
  })

  test('overlapping secrets are masked whole', async () => {
    const result = await run(
      `console.log('::add-mask::abcdef'); console.log('::add-mask::defghi'); console.log('<abcdefghi>')`,
    )
    expect(result.log).toBe('<***>')
  })

  test('the token and secrets of the workflow are masked without the step’s doing', async () => {
    const result = await run(`console.log('ghs_thetoken and sekret-value')`, {
      token: 'ghs_thetoken',
      secrets: ['sekret-value'],
    })
    expect(result.log).toBe('*** and ***')
  })

  test('every place is searched: annotation, summary, outputs, state, environment, path, files left', async () => {
    const result = await run(
      `import { appendFileSync, writeFileSync } from 'node:fs'
      import { tmpdir } from 'node:os'
      const secret = ${JSON.stringify(SECRET)}
      const put = (name, text) => appendFileSync(process.env[name], text + '\\n')
      console.log('::error title=' + secret.replaceAll('%', '%25') + '::message')
      put('GITHUB_STEP_SUMMARY', 'clean\\n' + secret)
      put('GITHUB_OUTPUT', 'db_url=' + secret)
      put('GITHUB_OUTPUT', 'branch_name=' + secret)
      put('GITHUB_STATE', 'saved=' + secret)
      put('GITHUB_ENV', 'DATABASE_URL=' + secret)
      put('GITHUB_PATH', '/opt/' + secret)
      writeFileSync(tmpdir() + '/kubeconfig', secret)`,
      {},
      'outputs: { db_url: {} }',
    )
    expect(result.leaks([SECRET], ['db_url']).map(({ where }) => where)).toEqual([
      'annotation 1',
      'summary line 2',
      'state saved',
      'environment DATABASE_URL',
      'path',
      'file kubeconfig',
      'output branch_name',
    ])
    expect(result.leftFiles).toEqual(['kubeconfig'])
    expect(result.unknownOutputs).toEqual(['branch_name'])
    expect(result.outputs).toEqual({ db_url: SECRET, branch_name: SECRET })
  })

  test('the summary is masked line by line', async () => {
    const result = await run(`import { writeFileSync } from 'node:fs'
      writeFileSync(process.env.GITHUB_STEP_SUMMARY, '# Title\\n' + ${JSON.stringify(SECRET)})
      ${addMask}`)
    expect(result.summary).toBe('# Title\n***')
  })

  test('a secret too short to look for is a mistake of the test', async () => {
    const result = await run('')
    expect(() => result.leaks(['abc'])).toThrow('too short')
  })
})

describe('command files and limits', () => {
  test('outputs: plain lines, blocks of lines, the last one wins', async () => {
    const result = await run(`import { appendFileSync } from 'node:fs'
      appendFileSync(process.env.GITHUB_OUTPUT, 'a=1=2\\nb<<EOF\\nline 1\\n\\nline = 3\\nEOF\\na=3\\nempty=\\n')
      appendFileSync(process.env.GITHUB_PATH, '/opt/bin\\n')`)
    expect(result.outputs).toEqual({ a: '3', b: 'line 1\n\nline = 3', empty: '' })
    expect(result.path).toEqual(['/opt/bin'])
    expect(result.conclusion).toBe('success')
  })

  test.each([
    ['a block that does not end', 'GITHUB_OUTPUT', 'a<<EOF\nx\n', "Matching delimiter not found 'EOF'"],
    ['a line that is none', 'GITHUB_STATE', 'nonsense\n', "Invalid format 'nonsense'"],
    ['NODE_OPTIONS', 'GITHUB_ENV', 'NODE_OPTIONS=--inspect\n', "Can't store NODE_OPTIONS"],
  ])('%s fails the step', async (_name, file, text, message) => {
    const result = await run(`import { writeFileSync } from 'node:fs'
      writeFileSync(process.env.${file}, ${JSON.stringify(text)})`)
    expect(result.exitCode).toBe(0)
    expect(result.conclusion).toBe('failure')
    expect(result.annotations.at(-1)?.message).toContain(message)
  })

  test('a summary of 1 MiB is taken, one byte more is thrown away with the runner’s error', async () => {
    const write = (bytes: number) =>
      run(`import { writeFileSync } from 'node:fs'
        writeFileSync(process.env.GITHUB_STEP_SUMMARY, 'x'.repeat(${bytes}))`)
    expect((await write(1024 * 1024)).summary).toHaveLength(1024 * 1024)
    const over = await write(1024 * 1024 + 1)
    expect(over.summary).toBe('')
    expect(over.conclusion).toBe('success')
    expect(over.annotations[0]?.message).toMatch(
      /^\$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k/,
    )
  })

  test('commands that GitHub switched off fail the step', async () => {
    const result = await run(`console.log('::set-env name=A::b')`)
    expect(result.conclusion).toBe('failure')
    expect(result.environment).toEqual({})
  })

  test('an exit code fails the step, an exception shows its text', async () => {
    const result = await run(`throw new Error('broken')`)
    expect(result).toMatchObject({ exitCode: 1, signal: null, conclusion: 'failure' })
    expect(result.log).toContain('Error: broken')
  })
})

describe('the end of a step', () => {
  const times = { terminateAfter: 300, killAfter: 300 }

  test('SIGINT comes at the line the test names, and a step that heeds it ends itself', async () => {
    const result = await run(
      `process.on('SIGINT', () => { console.log('cleaned up'); process.exit(1) })
      console.log('ready'); setInterval(() => {}, 1000)`,
      { cancel: { ...times, when: (line) => line === 'ready' } },
    )
    expect(result).toMatchObject({ exitCode: 1, cancelled: true, conclusion: 'cancelled', sent: ['SIGINT'] })
    expect(result.log).toBe('ready\ncleaned up')
  })

  test('a step without a handler is ended by SIGINT', async () => {
    const result = await run(`console.log('ready'); setInterval(() => {}, 1000)`, {
      cancel: { ...times, when: (line) => line === 'ready' },
    })
    expect(result).toMatchObject({ exitCode: null, signal: 'SIGINT', sent: ['SIGINT'], conclusion: 'cancelled' })
  })

  test('a step that ignores both signals is killed with its children', async () => {
    const result = await run(
      `import { spawn } from 'node:child_process'
      const stubborn = "process.on('SIGINT', () => {}); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"
      const child = spawn(process.execPath, ['-e', stubborn + '; console.log("child " + process.pid)'], { stdio: 'inherit', detached: true })
      process.on('SIGINT', () => console.log('int')); process.on('SIGTERM', () => console.log('term'))
      setInterval(() => {}, 1000)`,
      { cancel: { ...times, when: (line) => line.startsWith('child') } },
    )
    expect(result).toMatchObject({ signal: 'SIGKILL', sent: ['SIGINT', 'SIGTERM', 'SIGKILL'], conclusion: 'cancelled' })
    expect(result.log).toContain('int\nterm')
    await expectGone(result.log.match(/child (\d+)/)?.[1])
  })

  test('a step can be cancelled from outside, and lost without a signal', async () => {
    const outside = new AbortController()
    const cancelled = await run(`console.log('ready'); setInterval(() => {}, 1000)`, {
      cancel: { ...times, signal: outside.signal },
      onLine: () => outside.abort(),
    })
    expect(cancelled).toMatchObject({ cancelled: true, sent: ['SIGINT'] })
    const lost = await run(`process.on('SIGINT', () => {}); console.log('ready'); setInterval(() => {}, 1000)`, {
      cancel: { lost: true, when: () => true },
    })
    expect(lost).toMatchObject({ signal: 'SIGKILL', sent: ['SIGKILL'] })
  })

  test('a step that never ends is killed after the timeout', async () => {
    const result = await run(`setInterval(() => {}, 1000)`, { timeout: 500 })
    expect(result).toMatchObject({ timedOut: true, signal: 'SIGKILL', conclusion: 'failure' })
  })

  test('what a step leaves running is named and killed, even in a session of its own', async () => {
    const result = await run(`import { spawn } from 'node:child_process'
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000) // left behind'], { detached: true, stdio: 'inherit' })
      child.unref(); console.log('child ' + child.pid)`)
    expect(result.conclusion).toBe('success')
    expect(result.orphans).toHaveLength(1)
    expect(result.orphans[0]).toContain('left behind')
    await expectGone(result.log.match(/child (\d+)/)?.[1])
  })

  test('nothing of a run stays on the disk', async () => {
    const { env } = await look({})
    await expect(readdir(join(env.RUNNER_TEMP ?? '', '..'))).rejects.toThrow('ENOENT')
  })
})

describe('input names', () => {
  test('are found in the calls that read them, and held against action.yml', async () => {
    const folder = await writeAction('', 'inputs: { api_key: {}, mode: {}, spare: {} }')
    await mkdir(join(folder, 'src'))
    await writeFile(
      join(folder, 'src', 'inputs.ts'),
      `core.getInput('api_key'); getBooleanInput("dry_run"); core.getMultilineInput(\n  'keep'\n)
      reader.choice('mode', ['auto']); reader.problem('not an input'); other('not_one'); text('local')`,
    )
    expect(await listInputNames(join(folder, 'src'))).toEqual(['api_key', 'dry_run', 'keep', 'mode'])
    expect(await listInputNames(join(folder, 'src'), ['text'])).toContain('local')
    expect(await compareInputNames(folder, join(folder, 'src'))).toEqual({
      undeclared: ['dry_run', 'keep'],
      unread: ['spare'],
    })
  })

  test('of this action are the same in the sources and in action.yml', async () => {
    expect(await compareInputNames(repository, join(repository, 'src'))).toEqual({ undeclared: [], unread: [] })
    expect(await readFile(join(repository, 'action.yml'), 'utf8')).toContain('using: node24')
  })
})

/** Waits until a process is gone; a killed one stays for a moment until its parent has taken notice. */
async function expectGone(pid: string | undefined): Promise<void> {
  expect(pid).toMatch(/^\d+$/)
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    if (state === '' || state.slice(state.lastIndexOf(')') + 2).startsWith('Z')) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`process ${pid} is still there`)
}

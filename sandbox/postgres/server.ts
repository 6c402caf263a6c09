import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { serverEnvironment, serviceAccount } from './account.ts'

/** A folder that goes when {@link Watch.discard} is called or our process ends, with the server started in it. */
export interface Watch {
  /** Takes a free port and holds it until {@link Watch.start}; a named one is returned as it is. */
  reserve(port?: number): Promise<number>
  /** Starts the server on `folder/data`. Throws an Error with what it wrote when it ends instead. */
  start(port: number): Promise<void>
  /** Stops the server that runs, as pg_ctl does in this mode, or starts it again; does not wait for it. */
  order(what: 'fast' | 'immediate' | 'start'): void
  /** Ends the server and removes the folder. */
  discard(): Promise<void>
}

/**
 * A shell is the parent of postgres and reads a pipe whose other end only we hold: when our process ends, in whatever way,
 * SIGKILL included, the kernel closes the pipe, and the shell ends the server and removes its folder. The first line it
 * reads is the port to start on; `fast` and `immediate` stop the server as pg_ctl does, `start` starts it again, `keep` ends it
 * and leaves the folder.
 */
const WATCHDOG = `
folder=$1; postgres=$2
order=
if read -r port; then
  "$postgres" -D "$folder/data" -p "$port" </dev/null &
  server=$!
  exec 2>/dev/null
  while read -r order; do
    case $order in
      fast) kill -INT "$server"; wait "$server" ;;
      immediate) kill -QUIT "$server"; wait "$server" ;;
      start) "$postgres" -D "$folder/data" -p "$port" </dev/null & server=$! ;;
      *) break ;;
    esac
  done
  kill -QUIT "$server"
  wait "$server"
fi
[ "$order" = keep ] || rm -rf "$folder" || { sleep 1; rm -rf "$folder"; }
`

const PORT_ATTEMPTS = 5
const READY = /database system is ready to accept connections/
const ADDRESS_TAKEN = /could not create any TCP\/IP sockets/

/** Puts a folder under watch, from now on, in which this postgres will run. */
export function watchFolder(folder: string, postgres: string): Watch {
  let current = keep(folder, postgres)
  let hold: PortHold | undefined
  return {
    async reserve(port) {
      if (port !== undefined) return port
      hold = await holdPort()
      return hold.port
    },
    async start(port) {
      await hold?.release()
      for (let attempt = 1; ; attempt += 1) {
        const failure = await current.start(port)
        if (failure === undefined) return hold?.hangUp()
        if (attempt === PORT_ATTEMPTS || !ADDRESS_TAKEN.test(failure)) {
          throw new Error(`PostgreSQL did not start on port ${port}: ${failure}`)
        }
        // Somebody's outgoing connection may have had the port in the moment between; it will not have it for long.
        const next = keep(folder, postgres)
        await current.end('keep\n')
        current = next
        await sleep(50 * attempt)
      }
    },
    order: (what) => current.order(what),
    async discard() {
      await hold?.release()
      hold?.hangUp()
      await current.end('\n')
    },
  }
}

/** One watchdog shell. */
interface Keeper {
  /** Starts the server; undefined once it accepts connections, otherwise what it wrote before it ended. */
  start(port: number): Promise<string | undefined>
  order(what: string): void
  /** Sends a last order and waits for the shell's end. */
  end(order: string): Promise<void>
}

function keep(folder: string, postgres: string): Keeper {
  // Its own session: Ctrl-C in a terminal must reach us, who close in order, not the servers.
  const shell = spawn('/bin/sh', ['-c', WATCHDOG, 'postgres-watchdog', folder, postgres], {
    ...serviceAccount(),
    cwd: '/',
    env: serverEnvironment,
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  shell.stdin.on('error', () => undefined)
  return {
    async start(port) {
      shell.stdin.write(`${port}\n`)
      const failure = await untilReady(shell)
      setReferenced(shell, false)
      return failure
    },
    order: (what) => void shell.stdin.write(`${what}\n`),
    async end(order) {
      if (shell.exitCode !== null || shell.signalCode !== null) return
      setReferenced(shell, true)
      const ended = once(shell, 'exit')
      shell.stdin.end(order)
      await ended
    },
  }
}

type Shell = ChildProcessByStdio<Writable, null, Readable>

/** A running server alone does not keep our process alive. */
function setReferenced(shell: Shell, referenced: boolean): void {
  for (const handle of [shell, shell.stdin, shell.stderr] as { ref?(): void; unref?(): void }[]) {
    if (referenced) handle.ref?.()
    else handle.unref?.()
  }
}

function untilReady(shell: Shell): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const written: string[] = []
    const lines = createInterface(shell.stderr)
    lines.on('line', (line) => {
      written.push(line)
      if (READY.test(line)) resolve(undefined)
      if (written.length > 50) written.shift()
    })
    lines.on('close', () => resolve(written.join('\n') || 'it ended without a word'))
    shell.once('error', reject)
  })
}

/** A port that is ours although no server runs on it yet. */
interface PortHold {
  port: number
  /** Listens no more; clients that came early go on waiting. */
  release(): Promise<void>
  /** Ends the connections of those who wait: they will come back. */
  hangUp(): void
}

/**
 * Clients that come early are kept waiting, as Neon's proxy does while a compute starts, and are hung up on when the
 * server runs. (Hung up on at once, postgres.js would come back without a pause, for ever.)
 */
async function holdPort(): Promise<PortHold> {
  const waiting = new Set<Socket>()
  const server = createServer((socket) => {
    waiting.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => waiting.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  return {
    port: (server.address() as AddressInfo).port,
    async release() {
      server.close()
      // The address is free in the loop's next turn; the event `close` would wait for the clients.
      await new Promise(setImmediate)
    },
    hangUp() {
      for (const socket of waiting) socket.destroy()
    },
  }
}

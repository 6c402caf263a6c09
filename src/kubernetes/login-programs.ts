/** Part of the bundle of the Kubernetes client (see client.ts): imports nothing of the main one. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js'

/** The login programs of a kubeconfig's users that run at the moment. */
export interface LoginPrograms {
  /**
   * Waits for a login. When the signal aborts, its programs are killed with everything they have started, and its reason is
   * thrown.
   */
  endedBy<T>(signal: AbortSignal, login: Promise<T>): Promise<T>
}

type Spawn = (command: string, args: string[], options: { env?: NodeJS.ProcessEnv }) => ChildProcess

/**
 * Makes the client start login programs so that they can be ended: each in a process group of its own, with nothing to read
 * from, and without the inputs of the action, which are nobody else's business.
 */
export function watchLoginPrograms(config: KubeConfig): LoginPrograms {
  const running = new Set<ChildProcess>()
  const start: Spawn = (command, args, options) => {
    const env = Object.entries(options.env ?? process.env).filter(([name]) => !name.startsWith('INPUT_'))
    const child = spawn(command, args ?? [], {
      env: Object.fromEntries(env),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    running.add(child)
    // Not `close`: what it left in the background may hold the pipes open.
    child.once('exit', () => endGroup(child))
    child.once('close', () => running.delete(child))
    return child
  }
  // The one place that the client leaves for this (exec_auth.js of 2.0.1); its types do not show it.
  const { authenticators } = config as unknown as { authenticators: { execFn?: Spawn }[] }
  for (const authenticator of authenticators) if (authenticator.execFn) authenticator.execFn = start
  return {
    endedBy: (signal, login) =>
      new Promise((resolve, reject) => {
        const stop = () => {
          for (const child of running) endGroup(child)
          reject(signal.reason)
        }
        if (signal.aborted) return stop()
        signal.addEventListener('abort', stop, { once: true })
        login.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
      }),
  }
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // The group is gone.
  }
}

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What a {@link DelayProxy} stands before, and how far away it makes it. */
export interface DelayOptions {
  targetPort: number
  /** 127.0.0.1 unless told. */
  targetHost?: string
  /** Half of it is added on the way there, half on the way back; 0 only counts. */
  roundTripMilliseconds: number
}

/** A TCP proxy that makes a server far away and counts how often the client waits for it. */
export interface DelayProxy {
  readonly port: number
  /** Changes for what is sent from now on. */
  roundTripMilliseconds: number
  /**
   * Flights of client data that were answered, over all connections since the last reset. A flight is everything a client
   * sends before it has got the next data of the server: pipelined messages are one. TLS or not makes no difference; the
   * TCP handshake is not in it, {@link connections} counts those.
   */
  roundTrips(): number
  reset(): void
  readonly connections: number
  /** Connections that are open now. */
  readonly open: number
  /** Bytes since the last reset, as they passed. */
  readonly bytes: { toServer: number; toClient: number }
  close(): Promise<void>
}

interface Counters {
  roundTrips: number
  connections: number
  bytes: { toServer: number; toClient: number }
}

/**
 * Starts a proxy on a free port of 127.0.0.1.
 *
 * What counts is what the client can know: data of the server belongs to it when it leaves the proxy, after the delay. What
 * the client sends while an answer is still under way belongs to the flight before.
 */
export async function startDelayProxy(options: DelayOptions): Promise<DelayProxy> {
  const counters: Counters = { roundTrips: 0, connections: 0, bytes: { toServer: 0, toClient: 0 } }
  const settings = { roundTripMilliseconds: options.roundTripMilliseconds }
  const sockets = new Set<Socket>()
  const track = (socket: Socket): Socket => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.once('close', () => sockets.delete(socket))
    return socket
  }
  let open = 0
  const server = createServer({ allowHalfOpen: true }, (client) => {
    counters.connections += 1
    open += 1
    track(client).once('close', () => {
      open -= 1
    })
    const target = { host: options.targetHost ?? '127.0.0.1', port: options.targetPort, allowHalfOpen: true }
    const upstream = track(connect(target))
    let waiting = false
    delay(client, upstream, settings, {
      arrived(size) {
        counters.bytes.toServer += size
        waiting = true
      },
      left: () => {},
    })
    delay(upstream, client, settings, {
      arrived: () => {},
      left(size) {
        counters.bytes.toClient += size
        if (waiting) counters.roundTrips += 1
        waiting = false
      },
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    get roundTripMilliseconds() {
      return settings.roundTripMilliseconds
    },
    set roundTripMilliseconds(milliseconds) {
      settings.roundTripMilliseconds = milliseconds
    },
    roundTrips: () => counters.roundTrips,
    reset() {
      Object.assign(counters, { roundTrips: 0, connections: 0, bytes: { toServer: 0, toClient: 0 } })
    },
    get connections() {
      return counters.connections
    },
    get open() {
      return open
    },
    get bytes() {
      return { ...counters.bytes }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** Hands on what `from` gives after half a round trip, in order; the end and a broken connection travel as long as data. */
function delay(
  from: Socket,
  to: Socket,
  settings: { roundTripMilliseconds: number },
  watch: { arrived(size: number): void; left(size: number): void },
): void {
  const queue: { due: number; send(): void }[] = []
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    timer = undefined
    // Timers may fire a fraction of a millisecond early.
    while (queue[0] && queue[0].due <= performance.now() + 0.5) queue.shift()?.send()
    if (queue[0]) timer = setTimeout(flush, Math.max(0, queue[0].due - performance.now()))
  }
  const later = (send: () => void): void => {
    const half = settings.roundTripMilliseconds / 2
    queue.push({ due: performance.now() + half, send })
    if (half === 0 && timer === undefined) flush()
    else timer ??= setTimeout(flush, half)
  }
  from.on('data', (chunk) => {
    watch.arrived(chunk.length)
    later(() => {
      if (to.destroyed) return
      watch.left(chunk.length)
      to.write(chunk)
    })
  })
  from.on('end', () => later(() => to.end()))
  from.on('error', () => later(() => to.destroy()))
  from.on('close', () => later(() => to.end()))
}

import { Effect, type Scope } from "effect"
import { connect, createServer, type Socket } from "node:net"

/** A way to a service that can be closed and opened, as if the service went away and came back. */
export interface Proxy {
  /** The address of the service by this way. */
  readonly url: string
  readonly close: Effect.Effect<void>
  readonly open: Effect.Effect<void>
  /** From now on nothing passes, and nobody hears that: as if a cable was cut. */
  readonly freeze: Effect.Effect<void>
}

/** A way to the service at an address. */
export const proxy = Effect.fnUntraced(function* (address: string): Effect.fn.Return<Proxy, never, Scope.Scope> {
  const to = new URL(address)
  const sockets = new Set<Socket>()
  let frozen = false
  const server = createServer((near) => {
    if (frozen) {
      sockets.add(near.pause())
      return
    }
    const far = connect({ host: to.hostname, port: Number(to.port || (to.protocol === "redis:" ? 6379 : 5432)) })
    for (const [one, other] of [
      [near, far],
      [far, near]
    ] as const) {
      sockets.add(one)
      one.on("error", () => other.destroy())
      one.on("close", () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  let port = 0
  const open = Effect.callback<void>((resume) => {
    server.listen(port, "127.0.0.1", () => {
      const address = server.address()
      port = typeof address === "object" && address !== null ? address.port : 0
      resume(Effect.void)
    })
  })
  const close = Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    for (const socket of sockets) socket.destroy()
  })
  const freeze = Effect.sync(() => {
    frozen = true
    for (const socket of sockets) socket.unpipe().pause()
  })
  yield* Effect.acquireRelease(open, () => (server.listening ? close : Effect.void))
  const url = new URL(address)
  url.hostname = "127.0.0.1"
  url.port = String(port)
  return { url: url.href, close, open, freeze }
})

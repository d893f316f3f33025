import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Logger, Metric, Stream } from "effect"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"
import { StripeClient, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { requests, settled, world } from "./support/world.ts"

describe("the rate limit", () => {
  const perSecond = Effect.map(requests, (requests) => {
    const counts: Array<number> = []
    for (const { receivedAt } of requests) {
      const second = Math.floor(receivedAt / 1000)
      counts[second] = (counts[second] ?? 0) + 1
    }
    return counts
  })

  const read = (times: number) =>
    Effect.gen(function* () {
      const all = Stream.runDrain(VerificationSessions.stream({}, { pageSize: 1 }))
      const fiber = yield* Effect.forkChild(
        Effect.all(
          Array.from({ length: times }, () => all),
          { concurrency: times }
        )
      )
      yield* Effect.repeat(Effect.andThen(settled, TestClock.adjust("100 millis")), { times: 100 })
      yield* Fiber.join(fiber)
    })

  it.effect("is 25 requests a second after a burst of 25, over all streams of one layer", () =>
    Effect.gen(function* () {
      yield* read(5)
      const counts = yield* perSecond
      assert.deepStrictEqual(counts.slice(1, 4), [25, 25, 25])
      assert.isAtMost(counts[0] ?? 0, 50)
    }).pipe(Effect.provide(world({ sandbox: { sessions: 30 }, client: { rateLimit: undefined } })))
  )

  it.effect("sends at most 10 requests in any second with the short window that the guides name", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const fiber = yield* Effect.forkChild(
        Effect.replicateEffect(VerificationSessions.list({ limit: 1 }), 50, { concurrency: 16 })
      )
      yield* Effect.repeat(Effect.andThen(settled, TestClock.adjust("10 millis")), { times: 600 })
      yield* Fiber.join(fiber)
      assert.isAtMost((yield* sandbox.traffic).mostInASecond, 10)
    }).pipe(Effect.provide(world({ client: { rateLimit: { limit: 1, window: "112 millis" } } })))
  )

  it.effect("does not make the next request wait for a clock that was set back while one was interrupted", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(7_200_000)
      const list = VerificationSessions.list({ limit: 1 })
      yield* Effect.repeat(list, { times: 24 })
      const interrupted = yield* Effect.forkChild(list)
      yield* settled
      yield* Fiber.interrupt(interrupted)
      yield* TestClock.setTime(3_600_000)
      const fiber = yield* Effect.forkChild(list)
      yield* settled
      yield* TestClock.adjust("1 second")
      yield* settled
      assert.isDefined(fiber.pollUnsafe())
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.provide(world({ client: { rateLimit: undefined } })))
  )

  it.effect("covers retrieves of different ids too", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(
        Effect.forEach(
          Array.from({ length: 60 }, (_, index) => `vs_${index}`),
          (id) => Effect.exit(VerificationSessions.retrieve(id)),
          { concurrency: 60 }
        )
      )
      yield* Effect.repeat(Effect.andThen(settled, TestClock.adjust("100 millis")), { times: 30 })
      yield* Fiber.join(fiber)
      assert.isAtLeast((yield* requests).at(-1)?.receivedAt ?? 0, 1300)
    }).pipe(Effect.provide(world({ client: { rateLimit: undefined } })))
  )

  it.effect("can be set, shared through a limiter, and switched off", () =>
    Effect.gen(function* () {
      const limiter = yield* RateLimiter.make
      const service = (rateLimit: StripeClient.RateLimit | false) =>
        Effect.provide(
          read(1).pipe(Effect.andThen(requests)),
          world({ sandbox: { sessions: 12 }, client: { rateLimit } })
        )
      const slow = yield* service({ limit: 4, window: "1 second", limiter })
      assert.strictEqual(slow.at(-1)?.receivedAt, 2000)
      const shared = yield* service({ limit: 4, window: Duration.seconds(1), limiter })
      assert.isAbove((shared.at(-1)?.receivedAt ?? 0) - (shared[0]?.receivedAt ?? 0), 1900)
      const off = yield* service(false)
      assert.strictEqual(off.at(-1)?.receivedAt, off[0]?.receivedAt)
    }).pipe(Effect.provide(RateLimiter.layerStoreMemory))
  )
})

const list = VerificationSessions.list({ limit: 1 })

/** Moves the clock in small steps until an effect ends, and says how long that took, in milliseconds. */
const takes = <A, E, R>(effect: Effect.Effect<A, E, R>, step: Duration.Input = "100 millis") =>
  Effect.gen(function* () {
    const began = yield* Clock.monotonicTimeNanos
    const fiber = yield* Effect.forkChild(
      Effect.andThen(
        effect,
        Effect.map(Clock.monotonicTimeNanos, (ended) => Number(ended - began) / 1e6)
      )
    )
    for (let steps = 0; fiber.pollUnsafe() === undefined && steps < 20_000; steps++) {
      yield* settled
      yield* TestClock.adjust(step)
    }
    assert.isDefined(fiber.pollUnsafe(), "it did not end")
    return yield* Fiber.join(fiber)
  })

describe("a clock that is set back", () => {
  const hour = 3_600_000
  const setBack = Effect.gen(function* () {
    yield* TestClock.setTime(2 * hour)
    yield* Effect.repeat(list, { times: 24 })
    yield* TestClock.setTime(hour)
  })

  it.effect("costs the client's own limiter no time", () =>
    Effect.gen(function* () {
      yield* setBack
      assert.isAtMost(yield* takes(Effect.repeat(list, { times: 299 })), 13_000)
    }).pipe(Effect.provide(world({ client: { rateLimit: undefined } })))
  )

  it.effect("costs a limiter in memory that several clients share no time", () =>
    Effect.gen(function* () {
      const limiter = yield* RateLimiter.make
      yield* Effect.gen(function* () {
        yield* setBack
        assert.isAtMost(yield* takes(Effect.repeat(list, { times: 299 })), 13_000)
      }).pipe(Effect.provide(world({ client: { rateLimit: { limiter } } })))
    }).pipe(Effect.provide(RateLimiter.layerStoreMemory))
  )
})

describe("several limits", () => {
  const readOf = (account: string, times: number) =>
    Effect.repeat(list, { times: times - 1 }).pipe(Effect.provideService(StripeClient.CurrentAccount, { account }))
  const both = [
    { limit: 10, window: "1 second", algorithm: "fixed-window" },
    { limit: 4, window: "1 second", algorithm: "fixed-window", per: "account" }
  ] as const
  const receivedOf = (account: string) =>
    Effect.map(requests, (requests) =>
      requests.filter(({ headers }) => headers["stripe-account"] === account).map(({ receivedAt }) => receivedAt)
    )

  it.effect("hold at once: one for each account, and one for all of them", () =>
    Effect.gen(function* () {
      // One account alone is held by its own limit: 4 in each second.
      assert.strictEqual(yield* takes(readOf("acct_1", 12)), 2000)
      yield* TestClock.adjust("10 seconds")
      // Five of them are held by the limit for all: 10 in each second.
      const accounts = ["acct_1", "acct_2", "acct_3", "acct_4", "acct_5"]
      assert.strictEqual(
        yield* takes(Effect.forEach(accounts, (account) => readOf(account, 8), { concurrency: 5 })),
        3000
      )
    }).pipe(Effect.provide(world({ client: { rateLimit: both } })))
  )

  it.effect("keep no account waiting for another one's limit", () =>
    Effect.gen(function* () {
      const slow = yield* Effect.forkChild(readOf("acct_1", 40), { startImmediately: true })
      yield* settled
      assert.strictEqual(yield* takes(readOf("acct_2", 4)), 0)
      yield* Fiber.interrupt(slow)
      assert.lengthOf(yield* receivedOf("acct_1"), 4)
    }).pipe(Effect.provide(world({ client: { rateLimit: both } })))
  )

  it.effect("spend nothing of the limit for all on requests that wait for their account's", () =>
    Effect.gen(function* () {
      const many = Effect.replicateEffect(readOf("acct_1", 1), 20, { concurrency: "unbounded" })
      const slow = yield* Effect.forkChild(many, { startImmediately: true })
      yield* settled
      assert.strictEqual(yield* takes(readOf("acct_2", 4)), 0)
      yield* Fiber.interrupt(slow)
    }).pipe(Effect.provide(world({ client: { rateLimit: both } })))
  )

  it.effect("lose no token of the first to whoever is interrupted at the second", () =>
    Effect.gen(function* () {
      yield* readOf("acct_1", 1)
      // The limit for all is used up, and three wait for it.
      const waiting = yield* Effect.forEach([1, 2, 3], () =>
        Effect.forkChild(readOf("acct_1", 1), { startImmediately: true })
      )
      yield* settled
      yield* Fiber.interruptAll(waiting)
      // Their tokens of the account are there for the next three.
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* takes(readOf("acct_1", 3)), 2000)
    }).pipe(
      Effect.provide(
        world({
          client: {
            rateLimit: [
              { limit: 1, window: "1 second", algorithm: "fixed-window" },
              { limit: 4, window: "1 hour", algorithm: "fixed-window", per: "account" }
            ]
          }
        })
      )
    )
  )

  it.effect("give no more an hour later because many were interrupted", () =>
    Effect.gen(function* () {
      const waiting = yield* Effect.forEach(
        Array.from({ length: 10 }, (_, index) => `acct_${index}`),
        (account) => Effect.forkChild(readOf(account, 20), { startImmediately: true })
      )
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.interruptAll(waiting)
      yield* TestClock.adjust("1 hour")
      // A burst of two, and then two a second.
      assert.strictEqual(yield* takes(readOf("acct_1", 10)), 4000)
    }).pipe(Effect.provide(world({ client: { rateLimit: [{ limit: 10 }, { limit: 2, per: "account" }] } })))
  )

  it.effect("are asked for under a key each, and one that fails leaves the other in force", () => {
    const keys: Array<string> = []
    const noting: RateLimiter.RateLimiter["consume"] = ({ key }) => {
      keys.push(key)
      return key === "all"
        ? Effect.die(new Error("away"))
        : Effect.succeed({ delay: Duration.zero, remaining: 1, limit: 1, resetAfter: Duration.zero })
    }
    const shared: RateLimiter.RateLimiter = {
      [RateLimiter.TypeId]: RateLimiter.TypeId,
      consume: noting,
      adaptiveConsume: () => Effect.die("not used"),
      adaptiveFeedback: () => Effect.die("not used")
    }
    return Effect.gen(function* () {
      assert.isAtLeast(yield* takes(readOf("acct_1", 3)), 2000)
      yield* takes(list)
      assert.deepStrictEqual(keys, ["own:acct_1", "all", "own:acct_1", "own:acct_1", "own:"])
    }).pipe(
      Effect.provide(
        world({
          client: {
            rateLimit: [
              { limit: 1, limiter: shared, key: "all" },
              { limit: 1, limiter: shared, key: "own", per: "account" }
            ]
          }
        })
      ),
      Effect.provide(Logger.layer([]))
    )
  })
})

describe("a limiter of the caller's", () => {
  interface Answer {
    readonly delay?: Duration.Duration | undefined
    readonly remaining?: number | undefined
  }
  const limiter = (consume: RateLimiter.RateLimiter["consume"]): RateLimiter.RateLimiter => ({
    [RateLimiter.TypeId]: RateLimiter.TypeId,
    consume,
    adaptiveConsume: () => Effect.die("not used"),
    adaptiveFeedback: () => Effect.die("not used")
  })
  const answering = ({ delay = Duration.zero, remaining = 0 }: Answer) =>
    limiter(() => Effect.succeed({ delay, remaining, limit: 1, resetAfter: Duration.zero }))
  const storeError = new RateLimiter.RateLimiterError({
    reason: new RateLimiter.RateLimitStoreError({
      message: "Failed to execute fixedWindow rate limiting command",
      cause: new Error("connect ECONNREFUSED redis://me:secretpw@10.0.0.1:6379")
    })
  })
  const limitOf = (limiter: RateLimiter.RateLimiter): StripeClient.RateLimit => ({ limit: 1, limiter })

  const broken: ReadonlyArray<readonly [name: string, consume: () => ReturnType<RateLimiter.RateLimiter["consume"]>]> =
    [
      ["fails", () => Effect.fail(storeError)],
      ["dies", () => Effect.die(new Error("closed"))],
      [
        "throws",
        () => {
          throw new Error("closed")
        }
      ],
      ["is interrupted", () => Effect.interrupt],
      ["does not answer", () => Effect.never],
      // Type boundary: plain JavaScript can return anything.
      ["answers with nothing", () => Effect.succeed(undefined) as never],
      ["returns no effect", () => undefined as never]
    ]
  it.effect.each(broken)("that %s leaves the client its own limit, a warning and a count", ([name, consume]) => {
    const logged: Array<string> = []
    let asked = 0
    const counting = limiter(() => {
      asked++
      return consume()
    })
    return Effect.gen(function* () {
      const waited = yield* takes(Effect.repeat(list, { times: 59 }))
      // One request a second by itself, and what it takes to find out that nobody answers, once in ten seconds.
      assert.isAtLeast(waited, 58_000)
      assert.isAtMost(waited, name === "does not answer" ? 90_000 : 62_000)
      assert.isAtLeast(asked, 4)
      assert.isAtMost(asked, 7)
      assert.strictEqual(logged.length, waited > 60_000 ? 2 : 1)
      assert.match(logged[0] ?? "", /^VerificationSessions\.list: rateLimit\.limiter failed: /)
      assert.notInclude(logged[0] ?? "", "secretpw")
      if (name === "fails") assert.include(logged[0] ?? "", "ECONNREFUSED")
      const failures = (yield* Metric.snapshot).find(({ id }) => id === "stripe.client.rate_limiter.failures")
      assert.deepStrictEqual(failures?.type === "Counter" ? Number(failures.state.count) : undefined, asked)
    }).pipe(
      Effect.provide(world({ client: { rateLimit: limitOf(counting) } })),
      Effect.provide(Logger.layer([Logger.make(({ message }) => void logged.push(String(message)))])),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  })

  it.effect.each(broken)("that %s stops the client until it answers, where onLimiterError says so", ([, consume]) => {
    const logged: Array<string> = []
    let away = true
    const sometimes = limiter(() =>
      away ? consume() : Effect.succeed({ delay: Duration.zero, remaining: 1, limit: 1, resetAfter: Duration.zero })
    )
    return Effect.gen(function* () {
      const reading = yield* Effect.forkChild(Effect.repeat(list, { times: 9 }))
      for (let second = 0; second < 90; second++) yield* Effect.andThen(settled, TestClock.adjust("1 second"))
      assert.strictEqual((yield* requests).length, 0)
      assert.strictEqual(logged.length, 2)
      assert.match(logged[0] ?? "", /Until it answers, this client sends nothing\.$/)
      away = false
      assert.isAtMost(yield* takes(Fiber.join(reading)), 6000)
      assert.strictEqual((yield* requests).length, 10)
    }).pipe(
      Effect.provide(world({ client: { rateLimit: { ...limitOf(sometimes), onLimiterError: "wait" } } })),
      Effect.provide(Logger.layer([Logger.make(({ message }) => void logged.push(String(message)))]))
    )
  })

  it.effect("that is away for long takes no memory for each time that it was asked", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(list)
      const depthAfter = Effect.fnUntraced(function* (seconds: number) {
        for (let second = 0; second < seconds; second++) yield* Effect.andThen(settled, TestClock.adjust("1 second"))
        // What a fiber has left to do. Effect shows it to nobody.
        const stack: unknown = Reflect.get(fiber, "_stack")
        return Array.isArray(stack) ? stack.length : Number.NaN
      })
      const depth = yield* depthAfter(10)
      assert.isAbove(depth, 0)
      assert.strictEqual(yield* depthAfter(100), depth)
      yield* Fiber.interrupt(fiber)
    }).pipe(
      Effect.provide(
        world({ client: { rateLimit: { ...limitOf(limiter(() => Effect.fail(storeError))), onLimiterError: "wait" } } })
      ),
      Effect.provide(Logger.layer([]))
    )
  )

  it.effect("that works again is asked again", () => {
    let away = true
    let asked = 0
    const sometimes = limiter(() =>
      Effect.suspend(() => {
        asked++
        return away
          ? Effect.fail(storeError)
          : Effect.succeed({ delay: Duration.zero, remaining: 1, limit: 1, resetAfter: Duration.zero })
      })
    )
    return Effect.gen(function* () {
      yield* takes(Effect.repeat(list, { times: 4 }))
      away = false
      yield* TestClock.adjust("10 seconds")
      const before = asked
      assert.strictEqual(yield* takes(Effect.repeat(list, { times: 9 })), 0)
      assert.strictEqual(asked, before + 10)
    }).pipe(Effect.provide(world({ client: { rateLimit: limitOf(sometimes) } })), Effect.provide(Logger.layer([])))
  })

  const delays: ReadonlyArray<readonly [name: string, answer: Answer, millis: number]> = [
    ["an hour with nobody waiting", { delay: Duration.hours(1) }, 1000],
    ["forever", { delay: Duration.infinity, remaining: -3 }, 4000],
    ["forever, with a queue without end", { delay: Duration.infinity, remaining: -Infinity }, 1000],
    ["three seconds with three waiting", { delay: Duration.seconds(3), remaining: -3 }, 3000],
    ["less than nothing", { delay: Duration.seconds(-3) }, 0]
  ]
  it.effect.each(delays)("makes a request wait as long as limit and queue justify: %s", ([, answer, millis]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* takes(list), millis)
    }).pipe(Effect.provide(world({ client: { rateLimit: limitOf(answering(answer)) } })))
  )

  const clocks = [
    // In a window that is counted here, a wait would last until the old time comes again.
    ["a clock that is never set back, for windows", "fixed-window", 7200],
    // A bucket is one for several machines, which agree about the time.
    ["the clock of this machine, for a token bucket", "token-bucket", 3600]
  ] as const
  it.effect.each(clocks)("sees %s", ([, algorithm, seconds]) => {
    const seen: Array<number> = []
    const noting = limiter(() =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        seen.push(now / 1000)
        return { delay: Duration.zero, remaining: 1, limit: 1, resetAfter: Duration.zero }
      })
    )
    return Effect.gen(function* () {
      yield* TestClock.setTime(7_200_000)
      yield* list
      yield* TestClock.setTime(3_600_000)
      yield* list
      assert.deepStrictEqual(seen, [7200, seconds])
    }).pipe(Effect.provide(world({ client: { rateLimit: { limiter: noting, algorithm } } })))
  })

  it.effect(
    "is asked for fixed windows, and the client's own for a token bucket, unless an option says otherwise",
    () => {
      const algorithms: Array<string | undefined> = []
      const noting = limiter(({ algorithm }) => {
        algorithms.push(algorithm)
        return Effect.succeed({ delay: Duration.zero, remaining: 1, limit: 1, resetAfter: Duration.zero })
      })
      return Effect.gen(function* () {
        yield* Effect.provide(list, world({ client: { rateLimit: { limiter: noting } } }))
        yield* Effect.provide(list, world({ client: { rateLimit: { limiter: noting, algorithm: "token-bucket" } } }))
        assert.deepStrictEqual(algorithms, ["fixed-window", "token-bucket"])
        // A bucket fills while nobody reads; a window begins with its first request.
        const burst = (rateLimit: StripeClient.RateLimit) =>
          takes(Effect.repeat(list, { times: 9 })).pipe(Effect.provide(world({ client: { rateLimit } })))
        assert.strictEqual(yield* burst({ limit: 4 }), 1500)
        assert.strictEqual(yield* burst({ limit: 4, algorithm: "fixed-window" }), 2000)
      })
    }
  )

  it.effect("that does not answer lets whoever waits for it be interrupted", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(list)
      yield* settled
      yield* Fiber.interrupt(fiber)
      assert.strictEqual((yield* requests).length, 0)
      assert.strictEqual(yield* Clock.currentTimeMillis, 0)
    }).pipe(Effect.provide(world({ client: { rateLimit: limitOf(limiter(() => Effect.never)) } })))
  )
})

// Where the examples read: the sandbox in this process, or Stripe itself when STRIPE_API_KEY is set, even to nothing.
import { Config, Console, type Duration, Effect, Layer, Logger, Schedule } from "effect"
import { FetchHttpClient } from "effect/http"
import { StripeClient, VerificationReports, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"

export interface Options {
  /** What the sandbox holds. */
  readonly sandbox?: Sandbox.Options | undefined
  /** What happens in the sandbox while the example runs. */
  readonly meanwhile?: Effect.Effect<unknown, never, Sandbox.Sandbox> | undefined
  /** What goes wrong in the sandbox. */
  readonly faults?: ReadonlyArray<readonly [fault: Sandbox.Fault, options: Sandbox.InjectOptions]> | undefined
  /** The limit on requests to the sandbox; Stripe's own limit holds for Stripe. */
  readonly rateLimit?: StripeClient.Options["rateLimit"]
  /** What the example adds to the client, wherever it reads. */
  readonly transformClient?: StripeClient.Options["transformClient"]
}

/** Again and again somebody begins a verification. */
export const newSessions = (every: Duration.Input) =>
  Effect.repeat(
    Sandbox.Sandbox.use((sandbox) => sandbox.insert()),
    Schedule.spaced(every)
  )

/** Again and again somebody begins a verification, submits it, passes it, and is redacted. */
export const verifications = (every: Duration.Input) =>
  Sandbox.Sandbox.use((sandbox) =>
    Effect.gen(function* () {
      const { id } = yield* sandbox.insert()
      for (const next of [sandbox.submit, sandbox.pass, sandbox.redact]) {
        yield* Effect.sleep(every)
        yield* next(id)
      }
    })
  ).pipe(Effect.repeat(Schedule.spaced(every)))

// Both services on one client, and so under one rate limit.
const services = Layer.merge(VerificationSessions.layerFromClient, VerificationReports.layerFromClient)

const inject = (faults: NonNullable<Options["faults"]>) =>
  Sandbox.Sandbox.use((sandbox) => Effect.forEach(faults, ([fault, options]) => sandbox.inject(fault, options))).pipe(
    Layer.effectDiscard
  )

const fromSandbox = ({ faults = [], meanwhile = Effect.void, rateLimit, sandbox, transformClient }: Options) =>
  services.pipe(
    Layer.provide(StripeClient.layer({ apiKey: Sandbox.apiKey, rateLimit, transformClient })),
    Layer.merge(Layer.effectDiscard(Effect.forkScoped(meanwhile))),
    Layer.merge(inject(faults)),
    Layer.provide(Sandbox.layer(sandbox))
  )

const fromStripe = ({ transformClient }: Options) =>
  services.pipe(Layer.provide(StripeClient.layerConfig({ transformClient })), Layer.provide(FetchHttpClient.layer))

// Warnings of the library, such as an outage: one line on standard error, in place of the progress bar.
const warnings = Logger.layer([
  Logger.make(({ logLevel, message }) => {
    process.stderr.write(`${process.stderr.isTTY ? "\r\u001b[2K" : ""}${logLevel}: ${String(message)}\n`)
  })
])

/**
 * Whether they read the sandbox in this process. Effect's Config takes an empty variable for none, and whoever sets one does
 * not mean a simulated Stripe.
 */
export const isSandbox: Effect.Effect<boolean> = Effect.sync(() => process.env["STRIPE_API_KEY"] === undefined)

/** The services, a logger, and a first line that says what it reads. */
export const layer = (options: Options = {}) =>
  Layer.unwrap(
    Effect.gen(function* () {
      if (yield* isSandbox) {
        yield* Console.log("Reading the sandbox, a simulated Stripe. Set STRIPE_API_KEY to read your own sessions.")
        return fromSandbox(options)
      }
      const base = yield* Config.String("STRIPE_API_BASE").pipe(Config.withDefault(""))
      // Whoever writes a password into the address is refused, and must not read it here before that.
      const at = base === "" ? "" : ` at ${base.replace(/^.*@/s, "…@")}`
      if (process.env["STRIPE_API_KEY"] !== "")
        yield* Console.log(`Reading Stripe${at} with the key in STRIPE_API_KEY.`)
      return fromStripe(options)
    })
  ).pipe(Layer.merge(warnings))

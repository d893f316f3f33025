import { Cause, Context, Effect, Exit, Formatter, Logger, References, Tracer } from "effect"
import { assert } from "@effect/vitest"
import { inspect } from "node:util"

/** Everything that a value shows of itself to whoever prints it. */
export const shown = (value: unknown): string =>
  [
    inspect(value, { depth: 12, showHidden: false, getters: true }),
    String(value),
    Formatter.format(value),
    safeJson(value),
    value instanceof Error ? `${value.message}\n${value.stack}\n${shown2(value.cause)}` : ""
  ].join("\n")

const shown2 = (cause: unknown): string =>
  cause === undefined ? "" : `${inspect(cause, { depth: 12 })}${String(cause)}`

const safeJson = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? ""
  } catch {
    return ""
  }
}

/** What a run emitted: logs of every level, spans with attributes and events, its exit, and whatever the test adds. */
export interface Emitted {
  readonly add: (value: unknown) => void
  readonly text: () => string
}

/** Runs an effect and records everything that it emits. */
export const recording = <A, E, R>(
  run: (emitted: Emitted) => Effect.Effect<A, E, R>
): Effect.Effect<string, never, R> => {
  const texts: Array<string> = []
  const spans: Array<Tracer.Span> = []
  const emitted: Emitted = {
    add: (value) => texts.push(shown(value)),
    text: () => texts.join("\n")
  }
  const tracer = Tracer.make({
    span(options) {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  const logger = Logger.make(({ cause, fiber, message }) => {
    texts.push(shown(message), Cause.pretty(cause), shown(fiber.getRef(References.CurrentLogAnnotations)))
  })
  return Effect.gen(function* () {
    const exit = yield* Effect.exit(run(emitted))
    if (Exit.isFailure(exit)) {
      texts.push(Cause.pretty(exit.cause), shown(exit.cause), shown(Cause.squash(exit.cause)))
      yield* Effect.logError("failed", exit.cause)
    } else texts.push(shown(exit.value))
    for (const span of spans) {
      // Type boundary: every span comes from the tracer above.
      const { attributes, events, name, status } = span as Tracer.NativeSpan
      texts.push(name, shown(Array.from(attributes)), shown(events))
      if (status._tag === "Ended" && Exit.isFailure(status.exit)) {
        texts.push(Cause.pretty(status.exit.cause), shown(status.exit.cause))
      }
    }
    assert.isNotEmpty(spans)
    return emitted.text()
  }).pipe(
    Effect.withTracer(tracer),
    Effect.provideService(References.MinimumLogLevel, "All"),
    Effect.provideContext(Context.empty()),
    Effect.provide(Logger.layer([logger]))
  ) as Effect.Effect<string, never, R>
}

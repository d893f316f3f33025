import { Effect, type Exit, Metric, Option, Tracer } from "effect"

/** A span as it ended, under the spans that it hangs from. */
export interface Seen {
  readonly name: string
  readonly path: ReadonlyArray<string>
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: ReadonlyArray<readonly [name: string, attributes: Readonly<Record<string, unknown>>]>
  readonly failed: boolean
}

/** One series of a metric. A histogram is its count and sum. */
export interface Series {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly value: number | readonly [count: number, sum: number]
}

export interface Observed<A, E> {
  readonly exit: Exit.Exit<A, E>
  readonly spans: ReadonlyArray<Seen>
  readonly series: ReadonlyArray<Series>
}

const pathOf = (span: Tracer.AnySpan): ReadonlyArray<string> =>
  span._tag === "ExternalSpan" ? [] : [...Option.match(span.parent, { onNone: () => [], onSome: pathOf }), span.name]

const valueOf = ({ state, type }: Metric.Metric.Snapshot): Series["value"] => {
  if (type === "Counter") return Number(state.count)
  if (type === "Histogram") return [state.count, state.sum]
  throw new Error(`There is no ${type} here.`)
}

/** Runs an effect and gives every span and every metric of it, in the order in which they began. */
export const observe = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Observed<A, E>, never, R> =>
  Effect.gen(function* () {
    const spans: Array<Tracer.NativeSpan> = []
    const tracer = Tracer.make({
      span(options) {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    const [exit, snapshot] = yield* Effect.all([Effect.exit(effect), Metric.snapshot]).pipe(
      Effect.withTracer(tracer),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
    return {
      exit,
      spans: spans.map((span) => ({
        name: span.name,
        path: pathOf(span),
        attributes: Object.fromEntries(span.attributes),
        events: span.events.map(([name, , attributes]) => [name, attributes ?? {}] as const),
        failed: span.status._tag === "Ended" && span.status.exit._tag === "Failure"
      })),
      series: snapshot.map((metric) => ({
        name: metric.id,
        attributes: metric.attributes ?? {},
        value: valueOf(metric)
      }))
    }
  })

/** What the series of one metric say, by the values of some attributes. */
export const valuesOf = (
  { series }: Observed<unknown, unknown>,
  name: string,
  ...by: ReadonlyArray<string>
): Record<string, Series["value"]> =>
  Object.fromEntries(
    series
      .filter((one) => one.name === name)
      .map(({ attributes, value }) => [by.map((attribute) => attributes[attribute] ?? "-").join(" "), value])
  )

/**
 * Sessions read again, each once, in as few requests as is known beforehand to pay.
 */
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as Struct from "effect/Struct"
import type { InvalidArgumentError, StripeError } from "../../StripeError.ts"
import * as Arguments from "../arguments.ts"
import type { Row } from "../list/model.ts"
import type { Selected } from "../list/resource.ts"
import * as Cursor from "../pagination/cursor.ts"
import * as ReadOptions from "../pagination/options.ts"
import type { RereadBatch, RereadOptions, SessionReference } from "./mirrorModel.ts"
import * as Resource from "./resource.ts"

/** How sessions are read: a page of the list, or one. */
export type Reader<Sent extends Row, A extends Row> = Pick<Selected<Sent, A, unknown>, "fetch" | "retrieve">

export type Options<E, R> = Pick<RereadOptions<undefined, E, R>, "concurrency" | "onDecodeError">

/** A batch, and whether it is the last one. */
export interface Step<Session> extends RereadBatch<Session> {
  readonly end: boolean
}

/** `created` by id, in epoch seconds, where it is known. */
export type Ids = ReadonlyMap<string, number | undefined>

/** Whether something is the id of a session. It becomes a part of a path. */
export const isId = (value: unknown): value is string => Predicate.isString(value) && Resource.id.pattern.test(value)

export const fields = Struct.assign(
  Struct.pick(ReadOptions.shared, ["concurrency", "onDecodeError"]),
  Struct.pick(Resource.resource, ["expand"])
)

export const checkOptions = Arguments.options(fields)

/** The distinct ids, if all of them are ids of sessions. */
export const toIds = (
  wanted: ReadonlyArray<SessionReference> | ReadonlySet<SessionReference>
): Result.Result<Ids, InvalidArgumentError> => {
  // An iterator can be read once: when the stream runs again, after a failure, it would read nothing and succeed.
  if (!Array.isArray(wanted) && !Predicate.isSet(wanted)) {
    return Arguments.refuse("ids", Arguments.show(wanted), "an array or a Set of session ids (vs_…) or of sessions")
  }
  const ids = new Map<string, number | undefined>()
  let index = 0
  for (const one of wanted) {
    const id: unknown = Predicate.isObject(one) ? one.id : one
    if (!isId(id)) return Arguments.refuse(`ids[${index}]`, Arguments.show(id), Resource.id.expected)
    const created: unknown = Predicate.isObject(one) ? one.created : undefined
    if (created !== undefined && !(DateTime.isDateTime(created) && DateTime.isUtc(created))) {
      return Arguments.refuse(`ids[${index}].created`, Arguments.show(created), "a DateTime.Utc")
    }
    ids.set(id, created === undefined ? ids.get(id) : DateTime.toEpochSeconds(created))
    index++
  }
  return Result.succeed(ids)
}

const batchSize = 100

/**
 * Reads sessions: first those that lie together, a page at a time and newest first, then the others one by one.
 *
 * A page is one request, so it pays as soon as it holds one of the ids. It does, because it begins in the second of the
 * newest of them, unless that second has more than a hundred sessions or `created` is wrong. So after the first page that
 * holds none, others are asked for only out of what pages saved before. In all there are never more requests than ids, but
 * for this one page.
 */
export const read = <Sent extends Row, A extends Sent, E, R>(
  { fetch, retrieve }: Reader<Sent, A>,
  ids: Ids,
  { concurrency = 4, onDecodeError }: Options<E, R>
): Stream.Stream<Step<Sent>, StripeError | E, R> =>
  Stream.suspend(() => {
    const single: Array<string> = []
    const dated: Array<{ readonly id: string; readonly created: number }> = []
    for (const [id, created] of ids) {
      if (created === undefined) single.push(id)
      else dated.push({ id, created })
    }
    // The newest is the last one.
    dated.sort((one, other) => one.created - other.created)
    // The longest gap in seconds between sessions that one page is asked for. The first page shows how close they lie.
    let reach = Infinity
    // How many pages without one of the ids may still be read.
    let credit = 1

    const readPage = Effect.fnUntraced(function* (group: typeof dated, newest: number, oldest: number) {
      const page = yield* fetch({ page: 1, limit: 100, within: { gte: oldest, lt: newest + 1 } })
      const left = new Set(group.map(({ id }) => id))
      const sessions = page.data.filter(({ id }) => left.delete(id))
      // More rows of the last second may be on the next page. If that is the first second too, the same page would come again.
      const reached = page.has_more
        ? Cursor.entriesOf(page).reduce((least, { created = least }) => Math.min(least, created / 1000), newest)
        : -Infinity
      for (const one of group) {
        if (!left.has(one.id)) continue
        if (one.created <= reached && one.created < newest) dated.push(one)
        else single.push(one.id)
      }
      // Twice as far as the page came. A page within one second counts as one second.
      reach = 2 * (page.has_more ? newest - reached + 1 : reach)
      credit += sessions.length - 1
      return { sessions, missing: [] }
    })

    const readSingle = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
      const unknown = new Set<string>()
      const refused: Array<string> = []
      const readOne = (id: string, isAlone: boolean): Effect.Effect<ReadonlyArray<Sent>, StripeError | E, R> =>
        Effect.catch(Effect.map(retrieve(id), Arr.of), (error): ReturnType<typeof readOne> => {
          const { reason } = error
          if (reason._tag === "NotFoundError") {
            unknown.add(id)
            return Effect.succeed([])
          }
          // Those in flight with it may have used up the limit.
          if (reason._tag === "RateLimitError" && error.isRetryable && !isAlone) {
            refused.push(id)
            return Effect.succeed([])
          }
          return reason._tag === "DecodeError" && reason.part === "row" && onDecodeError !== undefined
            ? Effect.as(onDecodeError(reason), [])
            : Effect.fail(error)
        })
      const isAlone = concurrency === 1 || ids.length === 1
      // After a refusal, what was not sent yet would be refused too.
      const readNextOne = (id: string) =>
        refused.length === 0 ? readOne(id, isAlone) : Effect.sync(() => void refused.push(id)).pipe(Effect.as([]))
      const read = yield* Effect.forEach(ids, readNextOne, { concurrency })
      const again = yield* Effect.forEach(refused, (id) => readOne(id, true))
      return { sessions: [...read, ...again].flat(), missing: ids.filter((id) => unknown.has(id)) }
    })

    const readNext = Effect.suspend(() => {
      while (Arr.isArrayNonEmpty(dated)) {
        const newest = Arr.lastNonEmpty(dated)
        const beyond = dated.findLastIndex((one) => one !== newest && newest.created - one.created >= reach)
        const group = dated.splice(beyond + 1)
        const [oldest = newest] = group
        if (credit > 0 && oldest !== newest) return readPage(group, newest.created, oldest.created)
        for (const { id } of group) single.push(id)
      }
      return readSingle(single.splice(0, batchSize))
    })

    if (ids.size === 0) return Stream.empty
    const step = Effect.flatMap(DateTime.now, (readAt) =>
      Effect.map(readNext, (batch) => ({ ...batch, readAt, end: dated.length === 0 && single.length === 0 }))
    )
    return Stream.fromEffectRepeat(step).pipe(
      Stream.takeUntil(({ end }) => end),
      Stream.filter(({ end, missing, sessions }) => end || sessions.length > 0 || missing.length > 0)
    )
  })

import { Effect } from "effect"
import type { Pagination } from "effect-stripe-identity"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

/** Counts rows that a fetch has brought, or their places, that are still held by anybody, whatever they are held for. */
export const heldRows = () => {
  let rows: Array<WeakRef<object>> = []
  return {
    watch:
      <E, R>(fetch: Pagination.FetchPage<Pagination.Row, E, R>): Pagination.FetchPage<Pagination.Row, E, R> =>
      (request) =>
        Effect.tap(fetch(request), ({ data, entries = data }) =>
          Effect.sync(() => rows.push(...entries.map((row) => new WeakRef<object>(row))))
        ),
    count: Effect.promise(async () => {
      // What a job has looked at through a WeakRef lives until the job ends.
      await new Promise((resolve) => setImmediate(resolve))
      collectGarbage()
      rows = rows.filter((row) => row.deref() !== undefined)
      return rows.length
    })
  }
}

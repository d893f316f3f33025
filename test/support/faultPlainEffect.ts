import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Effect, Exit, Option, Redacted, Schedule, Schema, Stream } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import type { Case } from "./faultMatrix.ts"
import { arrange, enough, listOf, meanwhile, sandboxOf } from "./faultRuns.ts"
import { baseUrl, server } from "./sandboxServer.ts"

// What a user of Effect writes in an afternoon: about 25 lines, with retries, a time limit, and the three fields checked.
const Page = Schema.Struct({
  data: Schema.Array(Schema.Struct({ id: Schema.String, created: Schema.Int, status: Schema.String })),
  has_more: Schema.Boolean
})
const decode = HttpClientResponse.schemaBodyJson(Page)

const sessions = (url: string, apiKey: Redacted.Redacted<string>, parameters: Record<string, string | undefined>) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const client = (yield* HttpClient.HttpClient).pipe(
        HttpClient.filterStatusOk,
        HttpClient.transformResponse(Effect.timeout("2 seconds")),
        HttpClient.retryTransient({ times: 5, schedule: Schedule.exponential("5 millis") })
      )
      const { ending_before, starting_after, ...filter } = parameters
      const backwards = ending_before !== undefined
      return Stream.paginate(ending_before ?? starting_after, (cursor) =>
        client
          .get(`${url}/v1/identity/verification_sessions`, {
            urlParams: { ...filter, limit: 100, [backwards ? "ending_before" : "starting_after"]: cursor },
            headers: { authorization: `Bearer ${Redacted.value(apiKey)}` }
          })
          .pipe(
            Effect.flatMap(decode),
            Effect.map(({ data, has_more }) => {
              const rows = backwards ? data.toReversed() : data
              return [rows, has_more ? Option.fromUndefinedOr(rows.at(-1)?.id) : Option.none<string>()] as const
            })
          )
      )
    })
  )

/** In how many faults this program ends with every row, with an error, or wrong and without an error: as the README says. */
export const plainEffectOutcomes = { complete: 29, error: 50, wrong: 10 }

/** How this program ends with one fault. */
export const plainEffect = (one: Case) =>
  Effect.gen(function* () {
    const sandbox = yield* Sandbox.Sandbox
    const { list, oldest } = yield* listOf(one)
    yield* arrange(one)
    const happen = meanwhile(one, sandbox, list)
    const { client_reference_id, created, startingAfter, status } = one.read
    const parameters = {
      status,
      client_reference_id,
      "created[gte]": created?.gte.toString(),
      "created[lte]": created?.lte.toString(),
      starting_after: startingAfter,
      ending_before: oldest
    }
    const ids: Array<string> = []
    const exit = yield* sessions(yield* baseUrl, one.apiKey ?? Sandbox.apiKey, parameters).pipe(
      Stream.take(enough * 100),
      Stream.runForEach(({ id }) => happen(ids.push(id))),
      // Nothing limits the time for a body, and a wait of an hour is an hour.
      Effect.timeout("12 seconds"),
      Effect.exit
    )
    if (Exit.isFailure(exit)) return "error"
    // A fault may make one row another one, which the filter leaves out.
    const right = one.without === undefined ? list : list.toSpliced(one.without, 1)
    return ids.length === right.length && ids.every((id, index) => id === right[index]?.id) ? "complete" : "wrong"
  }).pipe(Effect.provide(NodeHttpClient.layerUndici), Effect.provide(server(sandboxOf(one))))

import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import { FetchHttpClient, type HttpClient } from "effect/http"
import { type Case, expectationOf, keyOf, matrix } from "./support/faultMatrix.ts"
import { overSocket } from "./support/faultRuns.ts"

const clients: ReadonlyArray<readonly [name: string, layer: Layer.Layer<HttpClient.HttpClient>]> = [
  ["FetchHttpClient", FetchHttpClient.layer],
  ["NodeHttpClient on Undici", NodeHttpClient.layerUndici],
  ["NodeHttpClient on node:http", NodeHttpClient.layerNodeHttp]
]

const check = (one: Case, client: Layer.Layer<HttpClient.HttpClient>) =>
  Effect.gen(function* () {
    const { end, requests, rows } = yield* overSocket(one, client)
    const { waits: _, ...expected } = expectationOf(one).ours
    assert.deepStrictEqual({ rows, requests, end }, expected)
  })

for (const [name, client] of clients) {
  // One after the other: those that run into their short time limit must not wait for the processor.
  describe(`over a socket, with ${name}, rows, requests and outcome are the same`, { concurrent: false }, () => {
    for (const one of matrix) it.live(keyOf(one), () => check(one, client))
  })
}

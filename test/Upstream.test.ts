import { assert, describe, it } from "@effect/vitest"

// What this library works around in Effect. Where one of these fails, Effect was mended: the report and what stands in for it in
// `src` can go. The reports about time alone are only compiled.

describe("the reports about Effect in test/bench/upstream", () => {
  it("a body that has ended is aborted (src/internal/client/transport.ts: receive)", async () => {
    const { found } = await import("./bench/upstream/endedBody.ts")
    assert.deepStrictEqual(found, { text: 0, stream: 1 })
  })

  it("the client on Undici knows no MaxBodySize (src/internal/client/transport.ts: streamed)", async () => {
    const { found } = await import("./bench/upstream/maxBodySize.ts")
    assert.deepStrictEqual(found, { layerNodeHttp: "DecodeError", layerUndici: "1000000 bytes" })
  })

  it("a limiter in memory waits while its clock is behind (src/internal/client/limiter.ts: steadyClock)", async () => {
    const { found } = await import("./bench/upstream/rateLimiterClock.ts")
    assert.isAbove(found["fixed-window"], 3_000)
    assert.isAbove(found["token-bucket"], 0)
  })
})

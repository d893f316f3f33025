import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { TestClock } from "effect/testing"
import { Stripe } from "stripe"
import * as Sandbox from "../src/Sandbox.ts"
import { type Asked, ask, inSandbox } from "./support/sandboxClient.ts"
import { check, complaints } from "./support/sandboxContract.ts"
import { server } from "./support/sandboxServer.ts"
import { stripeEvents } from "./support/stripeTypes.ts"
import { isPresent } from "./support/stripeMaterial.ts"

// The list of events, as raw as it comes.

const url = "https://api.stripe.com/v1/events"
const day = 86_400
const first = 1_760_000_000

interface EventPage {
  readonly object: string
  readonly data: ReadonlyArray<Sandbox.Event>
  readonly has_more: boolean
  readonly url: string
}

const page = Effect.fnUntraced(function* (query = "", asked: Asked = {}) {
  const { status, text } = yield* ask(query, { url, ...asked })
  if (status !== 200) return yield* Effect.die(new Error(`${status}: ${text}`))
  // Type boundary: the objects in them are checked against Stripe's schema below.
  return JSON.parse(text) as EventPage
})

const refused = Effect.fnUntraced(function* (query = "", asked: Asked = {}) {
  const { status, text } = yield* ask(query, { url, ...asked })
  // Type boundary: as above.
  const { error } = JSON.parse(text) as { readonly error: Readonly<Record<string, string>> }
  return { status, code: error["code"], param: error["param"], message: error["message"] ?? "" }
})

const walk = Effect.fnUntraced(function* (limit: number, query = "", endingBefore?: string) {
  const rows: Array<Sandbox.Event> = []
  let cursor = endingBefore === undefined ? "" : `&ending_before=${endingBefore}`
  for (let count = 0; count < 1000; count++) {
    const { data, has_more } = yield* page(`?limit=${limit}${query}${cursor}`)
    assert.isAtMost(data.length, limit)
    rows.push(...(endingBefore === undefined ? data : data.toReversed()))
    const last = rows.at(-1)
    if (!has_more || last === undefined) return rows
    cursor = `&${endingBefore === undefined ? "starting_after" : "ending_before"}=${last.id}`
  }
  return yield* Effect.die(new Error("the walk does not end"))
})

const ids = (rows: ReadonlyArray<{ readonly id: string }>) => rows.map(({ id }) => id)
const names = (rows: ReadonlyArray<Sandbox.Event>) => rows.map(({ type }) => type.slice(type.lastIndexOf(".") + 1))

/** A history of ten days, a day after its end, so that all of its events are less than 30 days old. */
const recent = <A, E>(
  options: Sandbox.Options,
  effect: Effect.Effect<A, E, Effect.Services<ReturnType<typeof page>> | Sandbox.Sandbox>
) =>
  Effect.andThen(
    TestClock.setTime((first + 13 * day) * 1000),
    inSandbox(
      {
        from: DateTime.fromEpochSeconds(first),
        to: DateTime.fromEpochSeconds(first + 10 * day),
        sessions: 300,
        ...options
      },
      effect
    )
  )

describe("the list of events", () => {
  for (const history of ["uniform", "import", "one-second"] as const) {
    it.effect(`pages both ways from any event, whatever the size of the page (${history})`, () =>
      recent(
        { sessions: 90, history },
        Effect.gen(function* () {
          const sandbox = yield* Sandbox.Sandbox
          // Some are stored, in one second.
          for (let count = 0; count < 10; count++) {
            const { id } = yield* sandbox.insert()
            yield* sandbox.submit(id)
          }
          const events = yield* sandbox.events
          const list = ids(events)
          assert.isAbove(list.length, 200)
          assert.strictEqual(new Set(list).size, list.length)
          assert.isTrue(events.every((event, at) => at === 0 || event.created <= (events[at - 1]?.created ?? 0)))
          for (const limit of [3, 100]) {
            assert.deepStrictEqual(ids(yield* walk(limit)), list)
            for (const at of [0, 1, 20, list.length - 1]) {
              const from = list[at] ?? ""
              assert.deepStrictEqual(ids(yield* walk(limit, "", from)), list.slice(0, at).toReversed())
              const { data, has_more } = yield* page(`?limit=${limit}&starting_after=${from}`)
              assert.deepStrictEqual(ids(data), list.slice(at + 1, at + 1 + limit))
              assert.strictEqual(has_more, at + 1 + limit < list.length)
            }
          }
        })
      )
    )
  }

  it.effect("has exactly the types that stripe-node knows, and Stripe's fields in its order", () =>
    recent(
      {},
      Effect.gen(function* () {
        const events = yield* walk(100)
        assert.deepStrictEqual(
          Array.from(new Set(events.map(({ type }) => type))).toSorted(),
          stripeEvents("identity.verification_session.")
        )
        for (const event of events) {
          assert.deepStrictEqual(Object.keys(event), [
            "id",
            "object",
            "api_version",
            "created",
            "data",
            "livemode",
            "pending_webhooks",
            "request",
            "type"
          ])
          assert.match(event.id, /^evt_/)
        }
      })
    )
  )

  it.effect("tells the life of each session: it begins with created and ends with what the session is", () =>
    recent(
      {},
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const events = (yield* walk(100)).toReversed()
        for (const session of yield* sandbox.sessions) {
          const own = events.filter(({ data }) => data.object.id === session.id)
          const [created] = own
          assert.strictEqual(created?.type, "identity.verification_session.created")
          assert.strictEqual(created?.created, session.created)
          assert.strictEqual(created?.data.object.status, "requires_input")
          assert.strictEqual(own.at(-1)?.data.object.status, session.status)
          if (session.redaction?.status === "redacted") {
            assert.strictEqual(own.at(-1)?.type, "identity.verification_session.redacted")
            assert.notMatch(JSON.stringify(own), /_secret_|@example|5555/)
          }
        }
      })
    )
  )

  it.effect("is filtered by type, with a wildcard, by types and by created", () =>
    recent(
      {},
      Effect.gen(function* () {
        const events = yield* walk(100)
        const type = (name: string) => `identity.verification_session.${name}`
        const middle = events[Math.floor(events.length / 2)]?.created ?? 0
        const cases: ReadonlyArray<readonly [string, (event: Sandbox.Event) => boolean]> = [
          [`type=${type("verified")}`, (event) => event.type === type("verified")],
          [`type=${type("*")}`, () => true],
          ["type=charge.*", () => false],
          [
            `types[]=${type("canceled")}&types[]=${type("redacted")}`,
            (event) => event.type === type("canceled") || event.type === type("redacted")
          ],
          [`types[0]=${type("created")}`, (event) => event.type === type("created")],
          [`created[gte]=${middle}`, (event) => event.created >= middle],
          [`created[gt]=${middle}`, (event) => event.created > middle],
          [`created[lte]=${middle}`, (event) => event.created <= middle],
          [`created[lt]=${middle}`, (event) => event.created < middle],
          [`created=${middle}`, (event) => event.created === middle],
          ["delivery_success=true", () => true],
          ["delivery_success=false", () => false]
        ]
        for (const [query, selects] of cases) {
          assert.deepStrictEqual(ids(yield* walk(50, `&${query}`)), ids(events.filter(selects)), query)
        }
      })
    )
  )

  it.effect("lists no event of the future, and keeps each for 30 days", () =>
    recent(
      { sessions: 5 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const oldest = (yield* sandbox.events).at(-1) ?? assert.fail("there is no event")
        yield* TestClock.setTime(oldest.created * 1000 - 1)
        assert.deepStrictEqual(yield* sandbox.events, [])
        yield* TestClock.setTime((oldest.created + 30 * day) * 1000)
        assert.include(ids(yield* sandbox.events), oldest.id)
        yield* TestClock.adjust(1000)
        assert.notInclude(ids(yield* sandbox.events), oldest.id)
        for (const param of ["starting_after", "ending_before"]) {
          const { message, status } = yield* refused(`?${param}=${oldest.id}`)
          assert.strictEqual(status, 400)
          assert.match(message, /is no longer available because it's aged out of our retention policy/)
        }
        const { status } = yield* refused("", { url: `${url}/${oldest.id}` })
        assert.strictEqual(status, 404)
      })
    )
  )

  it.effect("lists an event after a lag of its own", () =>
    inSandbox(
      { sessions: 0, eventLag: "10 seconds" },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        for (let count = 0; count < 50; count++) yield* sandbox.insert()
        assert.isEmpty(yield* sandbox.events)
        yield* TestClock.adjust("5 seconds")
        const some = (yield* sandbox.events).length
        assert.isAbove(some, 10)
        assert.isBelow(some, 40)
        yield* TestClock.adjust("5 seconds")
        assert.lengthOf(yield* sandbox.events, 50)
      })
    )
  )

  it.effect("tells neither by ids nor by the order within a second which change came first", () =>
    inSandbox(
      { sessions: 0 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const orders = new Set<string>()
        for (let count = 0; count < 20; count++) {
          const { id } = yield* sandbox.insert()
          yield* sandbox.submit(id)
          yield* sandbox.pass(id)
          const own = (yield* sandbox.events).filter(({ data }) => data.object.id === id)
          orders.add(names(own).join())
          orders.add(names(own.toSorted((left, right) => (left.id < right.id ? -1 : 1))).join())
        }
        assert.isAbove(orders.size, 4)
      })
    )
  )

  it.effect("of a million sessions is made as it is read", () =>
    recent(
      { sessions: 1_000_000 },
      Effect.gen(function* () {
        const second = first + 5 * day
        const at = yield* page(`?limit=100&created[lt]=${second}&created[gte]=${second - 60}`)
        assert.lengthOf(at.data, 100)
        assert.isTrue(at.data.every(({ created }) => created >= second - 60 && created < second))
        const cursor = at.data.at(-1)?.id ?? ""
        const older = yield* page(`?limit=100&starting_after=${cursor}`)
        const back = yield* page(`?limit=100&ending_before=${older.data[0]?.id}`)
        assert.deepStrictEqual(ids(back.data), ids(at.data))
      })
    )
  )

  it.effect("retrieves each event by its id", () =>
    recent(
      { sessions: 20 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        yield* sandbox.insert()
        for (const event of yield* sandbox.events) {
          const { text } = yield* ask("", { url: `${url}/${event.id}` })
          assert.deepStrictEqual(JSON.parse(text), event)
        }
      })
    )
  )
})

describe("a refusal", () => {
  const refuses = (query: string, expected: object, asked?: Asked) =>
    it.effect(query === "" ? "of an id that does not exist" : `of ${query.slice(0, 60)}`, () =>
      inSandbox(
        {},
        Effect.map(refused(query, asked), (refusal) => assert.deepInclude(refusal, expected))
      )
    )

  refuses("?starting_after=evt_none", { status: 400, code: "resource_missing", message: "No such event: 'evt_none'" })
  refuses("?type=a&types[]=b", { status: 400, message: "You may only specify one of these parameters: type, types." })
  refuses(`?${"types[]=a&".repeat(21)}limit=1`, { status: 400, param: "types" })
  refuses("?types=a", { status: 400, message: "Invalid array", param: "types" })
  refuses("?constructor[]=a", { status: 400, code: "parameter_unknown", param: "constructor[]" })
  refuses("?__proto__[]=a", { status: 400, code: "parameter_unknown" })
  refuses("?status=verified", { status: 400, code: "parameter_unknown", param: "status" })
  refuses("?expand[]=data.data", { message: "This property cannot be expanded (data.data)." })
  refuses("?expand[]=data.data.object", { message: "This property cannot be expanded (data.data.object)." })
  refuses("", { status: 404, message: "No such event: 'evt_none'" }, { url: `${url}/evt_none` })

  it.effect("of a key without the right to events, which may read sessions", () =>
    inSandbox(
      {},
      Effect.gen(function* () {
        const { message, status } = yield* refused("", { key: Sandbox.eventlessApiKey })
        assert.strictEqual(status, 403)
        assert.match(message, /Events Read \('event_read'\)/)
        assert.strictEqual((yield* ask("", { key: Sandbox.eventlessApiKey })).status, 200)
      })
    )
  )
})

describe.skipIf(!isPresent)("by Stripe's API description", () => {
  it.effect("the object of every event is a valid session", () =>
    recent(
      {},
      Effect.gen(function* () {
        const validate = check().schema("identity.verification_session")
        for (const { data } of yield* walk(100)) assert.deepStrictEqual(complaints(validate, data.object), [])
      })
    )
  )
})

describe("stripe-node", () => {
  it.live("pages through the events both ways, filters and retrieves", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      for (let count = 0; count < 25; count++) {
        const { id } = yield* sandbox.insert()
        yield* sandbox.submit(id)
        yield* sandbox.fail(id)
      }
      const address = new URL(yield* HttpServer.addressFormattedWith(Effect.succeed))
      const stripe = new Stripe(Redacted.value(Sandbox.apiKey), {
        host: address.hostname,
        port: address.port,
        protocol: "http",
        maxNetworkRetries: 0,
        telemetry: false
      })
      const read = (params: Stripe.EventListParams) =>
        Effect.promise(async () => {
          const found: Array<string> = []
          for await (const { id } of stripe.events.list(params)) found.push(id)
          return found
        })
      const events = yield* sandbox.events
      assert.lengthOf(events, 75)
      assert.deepStrictEqual(yield* read({}), ids(events))
      assert.deepStrictEqual(
        yield* read({ limit: 33, ending_before: events.at(-1)?.id ?? "" }),
        ids(events).slice(0, -1).toReversed()
      )
      const types = ["identity.verification_session.requires_input"]
      assert.deepStrictEqual(yield* read({ types, limit: 7 }), ids(events.filter(({ type }) => types.includes(type))))
      const event = yield* Effect.promise(() => stripe.events.retrieve(events[0]?.id ?? ""))
      assert.strictEqual(event.type, events[0]?.type)
    }).pipe(Effect.provide(server({ sessions: 0 })))
  )
})

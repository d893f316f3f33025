import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import * as Sandbox from "../src/Sandbox.ts"
import { ask, inSandbox, listUrl, page, refusal } from "./support/sandboxClient.ts"

// What the sandbox refuses, to whom it answers, and what it shows them.

describe("a refusal", () => {
  const table: ReadonlyArray<readonly [query: string, status: number, error: Readonly<Record<string, string>>]> = [
    [
      "?starting_after=NEWEST&ending_before=OLDEST",
      400,
      {
        message: "Received both starting_after and ending_before parameters. Please pass in only one."
      }
    ],
    ...(["starting_after=NEWEST&ending_before=vs_none", "ending_before=vs_none"] as const).map(
      (query) =>
        [
          `?${query}`,
          400,
          {
            code: "resource_missing",
            message: "No such VerificationSession: 'vs_none'",
            param: "ending_before"
          }
        ] as const
    ),
    [
      "?starting_after=vs_none&ending_before=NEWEST",
      400,
      {
        code: "resource_missing",
        message: "No such VerificationSession: 'vs_none'",
        param: "starting_after"
      }
    ],
    ...["starting_after", "ending_before", "status", "limit", "created", "client_reference_id", "expand[]"].map(
      (param) =>
        [
          `?${param}=`,
          400,
          {
            code: "parameter_invalid_empty",
            message:
              `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; ` +
              `however '${param}' cannot be unset. You should remove '${param}' from your request or supply a non-empty value.`,
            param
          }
        ] as const
    ),
    ["?limit=abc", 400, { code: "parameter_invalid_integer", message: "Invalid integer: abc", param: "limit" }],
    ["?limit=1.5", 400, { code: "parameter_invalid_integer", message: "Invalid integer: 1.5", param: "limit" }],
    ["?created=now", 400, { code: "parameter_invalid_integer", message: "Invalid integer: now", param: "created" }],
    [
      "?created[gte]=x",
      400,
      {
        code: "parameter_invalid_integer",
        message: "Invalid integer: x",
        param: "created[gte]"
      }
    ],
    ["?wat=x", 400, { code: "parameter_unknown", message: "Received unknown parameter: wat", param: "wat" }],
    [
      "?created%5Bnope%5D=1",
      400,
      {
        code: "parameter_unknown",
        message: "Received unknown parameter: created[nope]",
        param: "created[nope]"
      }
    ],
    ["?starting_after[0]=a", 400, { message: 'Invalid string: {"0":"a"}', param: "starting_after" }],
    [
      "?status=bogus",
      400,
      {
        message: "Invalid status: must be one of canceled, processing, requires_input, or verified",
        param: "status"
      }
    ],
    [
      "?related_customer=a&related_customer_account=b",
      400,
      {
        message: "You may only specify one of these parameters: related_customer, related_customer_account."
      }
    ],
    [
      "?expand[]=verified_outputs",
      400,
      {
        message:
          "This property cannot be expanded (verified_outputs). You may want to try expanding 'data.verified_outputs' instead."
      }
    ],
    ["?expand=data.verified_outputs", 400, { message: "Invalid array", param: "expand" }],
    ["/vs_1?expand=verified_outputs", 400, { message: "Invalid array", param: "expand" }],
    ["?expand[0]=data.nope", 400, { message: "This property cannot be expanded (data.nope)." }],
    ["?expand[]=data.last_error.code", 400, { message: "This property cannot be expanded (data.last_error.code)." }],
    ["?expand[]=data.toString", 400, { message: "This property cannot be expanded (data.toString)." }],
    [
      "?expand[]=data.last_verification_report.document.dob.day",
      400,
      {
        code: "property_expansion_max_depth",
        message:
          "You cannot expand more than 4 levels of a property. Property: data.last_verification_report.document.dob.day"
      }
    ],
    ["?expand[]=total_count", 400, { message: "This property cannot be included (total_count)" }]
  ]

  it.effect.each(table)("of %s", ([query, status, expected]) =>
    inSandbox(
      {},
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const list = yield* sandbox.sessions
        const refused = yield* refusal(
          query.replace("NEWEST", list[0]?.id ?? "").replace("OLDEST", list.at(-1)?.id ?? "")
        )
        assert.strictEqual(refused.status, status)
        const { code } = expected
        assert.deepStrictEqual(refused.error, {
          ...expected,
          ...(code === undefined || code === "property_expansion_max_depth"
            ? undefined
            : { doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll("_", "-")}` }),
          request_log_url: `https://dashboard.stripe.com/test/logs/${refused.headers["request-id"]}?t=0`,
          type: "invalid_request_error"
        })
        assert.deepStrictEqual(Object.keys(refused.error), Object.keys(refused.error).toSorted())
        assert.match(String(refused.headers["request-id"]), /^req_[A-Za-z0-9]{14}$/)
        assert.strictEqual(refused.headers["stripe-should-retry"], "false")
      })
    )
  )

  it.effect("is not what a limit out of range, an expanded data or an index in expand gets", () =>
    inSandbox(
      {},
      Effect.gen(function* () {
        const lengths: Array<number> = []
        for (const limit of ["0", "-1", "1", "100", "101", "200"]) {
          lengths.push((yield* page(`?limit=${limit}`)).data.length)
        }
        assert.deepStrictEqual(lengths, [1, 1, 1, 100, 100, 100])
        assert.lengthOf((yield* page()).data, 10)
        assert.deepStrictEqual(yield* page("?expand[]=data"), yield* page())
        assert.deepStrictEqual(
          yield* page("?expand[0]=data.verified_outputs&expand[1]=data.last_error"),
          yield* page("?expand%5B%5D=data.verified_outputs")
        )
      })
    )
  )

  it.effect("shows both ends of a text of more than 5000 characters", () =>
    inSandbox(
      {},
      Effect.gen(function* () {
        assert.lengthOf((yield* page(`?client_reference_id=${"a".repeat(5000)}`)).data, 0)
        for (const param of ["client_reference_id", "starting_after", "expand[]"]) {
          const { error, status } = yield* refusal(`?${param}=user${"_".repeat(4993)}last`)
          const message = "Invalid string: user...last; must be at most 5000 characters"
          assert.strictEqual(status, 400)
          assert.deepInclude(error, { message, param })
        }
      })
    )
  )

  it.effect("names what is wrong with the url or the version", () =>
    inSandbox(
      {},
      Effect.gen(function* () {
        const unknown = yield* refusal("", { url: "https://api.stripe.com/v1/identity/verification_intents" })
        assert.strictEqual(unknown.status, 404)
        assert.match(
          String(unknown.error["message"]),
          /^Unrecognized request URL \(GET: \/v1\/identity\/verification_intents\)\. Please see/
        )
        const slash = yield* refusal("", { url: `${listUrl}/` })
        assert.match(String(slash.error["message"]), /remove the trailing slash/)
        const version = yield* refusal("", { headers: { "stripe-version": "not-a-real-version" } })
        assert.deepStrictEqual(version.error, {
          message: "Invalid Stripe API version: not-a-real-version",
          type: "invalid_request_error"
        })
        assert.strictEqual(version.headers["stripe-version"], "not-a-real-version")
        // What a version is called is a part of it, of those that have a name.
        for (const [sent, status] of [
          ["2026-10-28.endive", 200],
          ["2026-10-28", 400],
          ["2024-06-20", 200],
          ["2024-06-20.acacia", 400]
        ] as const) {
          const answered = yield* ask("", { headers: { "stripe-version": sent } })
          assert.strictEqual(answered.status, status, sent)
        }
        const long = yield* ask(`?client_reference_id=${"x".repeat(17_000)}`)
        assert.strictEqual(long.status, 414)
        assert.match(long.text, /^<html>/)
        const missing = yield* refusal("", { url: `${listUrl}/vs_none%` })
        assert.deepStrictEqual(
          [missing.status, missing.error["message"], missing.error["param"]],
          [404, "No such VerificationSession: 'vs_none%'", "session"]
        )
        const stray = yield* refusal("?limit=1", { url: `${listUrl}/vs_none` })
        assert.strictEqual(stray.error["code"], "parameter_unknown")
      })
    )
  )

  it.effect("is the answer to everything where Identity is not enabled", () =>
    inSandbox(
      { account: "identity-not-enabled" },
      Effect.gen(function* () {
        const refused = yield* refusal("?limit=abc")
        assert.strictEqual(refused.status, 400)
        assert.strictEqual(
          refused.error["message"],
          "Your account is not set up to use Identity. Please have an account admin visit " +
            "https://dashboard.stripe.com/identity to get started."
        )
        assert.notProperty(refused.error, "code")
      })
    )
  )
})

describe("a key", () => {
  const basic = (text: string) => `Basic ${btoa(text)}`
  const key = Redacted.value(Sandbox.apiKey)
  const restricted = Redacted.value(Sandbox.restrictedApiKey)
  const hidden = (text: string) => text.slice(0, 8) + "*".repeat(text.length - 12) + text.slice(-4)
  const modern = `rk_test_${"a".repeat(93)}WUEguF`

  it.effect.each<readonly [string, string, number, RegExp | string, string?]>([
    ["Bearer", `Bearer ${key}`, 200, ""],
    ["bearer in lower case", `bearer ${key}`, 200, ""],
    ["Basic with a colon", basic(`${key}:`), 200, ""],
    ["Basic without a colon", basic(key), 200, ""],
    ["none at all", "", 401, /^You did not provide an API key\./],
    ["an unknown scheme", `Digest ${key}`, 401, /^You did not provide an API key\./],
    ["Basic that is not base64", "Basic ???", 401, /^You did not provide an API key\./],
    [
      "a wrong one",
      "Bearer sk_test_fake_local_no_real_calls",
      401,
      "Invalid API Key provided: sk_test_********************alls"
    ],
    [
      "a wrong one without a prefix",
      basic("your_stripe_secret_key:"),
      401,
      "Invalid API Key provided: your_str**********_key"
    ],
    [
      "a wrong one of 107 characters",
      `Bearer ${modern}`,
      401,
      `Invalid API Key provided: rk_test_${"*".repeat(93)}WUEguF`
    ],
    ["a short one", "Bearer sk_test_abc", 401, "Invalid API Key provided: ***********"],
    [
      "a publishable one",
      "Bearer pk_test_123456789",
      401,
      /^This API call cannot be made with a publishable API key/,
      "secret_key_required"
    ],
    [
      "an expired one",
      `Bearer ${Redacted.value(Sandbox.expiredApiKey)}`,
      401,
      `Expired API Key provided: ${hidden(Redacted.value(Sandbox.expiredApiKey))}`,
      "api_key_expired"
    ],
    [
      "one without the permission",
      `Bearer ${restricted}`,
      403,
      `Permission denied. The provided key '${restricted.slice(0, 8)}...${restricted.slice(-4)}' does not have the ` +
        "required permissions for this endpoint on account 'acct_SANDBOX000000001'. Enabling Identity Verification " +
        "Sessions and Reports Read ('identity_product_read') permissions on this key would allow this request to " +
        "continue. You can edit permissions at https://dashboard.stripe.com/b/acct_SANDBOX000000001?destination=%2Fapikeys",
      "more_permissions_required"
    ]
  ])("%s", ([, authorization, status, message, code]) =>
    inSandbox(
      {},
      Effect.gen(function* () {
        const answer = yield* ask("", { headers: { authorization } })
        assert.strictEqual(answer.status, status)
        const { headers, text } = answer
        if (status === 200) return assert.isDefined(headers["request-id"])
        const { error } = JSON.parse(text)
        if (typeof message === "string") assert.strictEqual(error.message, message)
        else assert.match(error.message, message)
        assert.strictEqual(error.code, code)
        assert.strictEqual(error.type, "invalid_request_error")
        assert.strictEqual(headers["request-id"] === undefined, status === 401)
        if (code === undefined && status === 401)
          assert.strictEqual(headers["www-authenticate"], 'Basic realm="Stripe"')
      })
    )
  )

  it.effect("is masked in the record, whatever scheme carried it", () =>
    inSandbox(
      {},
      Effect.gen(function* () {
        yield* ask("?limit=1&created[gte]=5")
        yield* ask("", { headers: { authorization: basic(`${key}:`), "stripe-account": "acct_1" } })
        yield* ask("", { headers: { authorization: "nonsense" } })
        const sandbox = yield* Sandbox.Sandbox
        const requests = yield* sandbox.requests
        assert.deepStrictEqual(
          requests.map(({ headers }) => headers["authorization"]),
          [`Bearer ${hidden(key)}`, `Basic ${hidden(key)}`, "********"]
        )
        assert.notInclude(JSON.stringify(requests), key)
        assert.deepInclude(requests[0], {
          index: 0,
          method: "GET",
          path: "/v1/identity/verification_sessions",
          query: [
            ["limit", "1"],
            ["created[gte]", "5"]
          ],
          receivedAt: 0,
          status: 200,
          outcome: "answered"
        })
        assert.strictEqual(requests[1]?.headers["stripe-account"], "acct_1")
        yield* sandbox.clearRequests
        assert.isEmpty(yield* sandbox.requests)
      })
    )
  )

  it.effect("may act for a connected account, but not for one that is out of reach", () =>
    inSandbox(
      {},
      Effect.gen(function* () {
        const connected = yield* ask("", { headers: { "stripe-account": "acct_connected" } })
        assert.deepStrictEqual([connected.status, connected.headers["stripe-account"]], [200, "acct_connected"])
        for (const account of [Sandbox.unreachableAccount, "nonsense"]) {
          const refused = yield* refusal("", { headers: { "stripe-account": account } })
          assert.strictEqual(refused.status, 403)
          assert.strictEqual(refused.error["code"], "account_invalid")
        }
      })
    )
  )
})

describe("expansion", () => {
  const outputs = (expand: ReadonlyArray<string>, key = Sandbox.apiKey) =>
    inSandbox(
      { sessions: 0 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        yield* sandbox.insert({ status: "verified", type: "document", redaction: null })
        yield* sandbox.insert({ status: "processing" })
        const query = `?${expand.map((path) => `expand[]=${path}`).join("&")}`
        const { data } = yield* page(query, { key })
        return { processing: data[0], verified: data[1] }
      })
    )
  const report = (session: Sandbox.Session | undefined) => {
    const value = session?.last_verification_report
    return typeof value === "object" && value !== null ? value : assert.fail(`not expanded: ${value}`)
  }

  it.effect("shows verified outputs only when asked, null where there are none", () =>
    Effect.gen(function* () {
      const plain = yield* outputs(["data.last_error"])
      assert.notProperty(plain.verified, "verified_outputs")
      const { processing, verified } = yield* outputs(["data.verified_outputs"])
      assert.isNull(processing?.verified_outputs)
      assert.hasAllKeys(verified?.verified_outputs, [
        "address",
        "email",
        "first_name",
        "id_number_type",
        "last_name",
        "phone"
      ])
    })
  )

  it.effect("shows sensitive fields only to a key that may see them, and only those that are named", () =>
    Effect.gen(function* () {
      const deep = ["data.verified_outputs.dob", "data.last_verification_report.document.number"]
      const ordinary = yield* outputs(deep)
      assert.notProperty(ordinary.verified?.verified_outputs, "dob")
      assert.notProperty(report(ordinary.verified).document, "number")
      const parents = yield* outputs(
        ["data.verified_outputs", "data.last_verification_report"],
        Sandbox.sensitiveApiKey
      )
      assert.notProperty(parents.verified?.verified_outputs, "dob")
      assert.notProperty(report(parents.verified).document, "number")
      const named = yield* outputs(deep, Sandbox.sensitiveApiKey)
      assert.hasAllKeys(named.verified?.verified_outputs?.dob, ["day", "month", "year"])
      assert.notProperty(named.verified?.verified_outputs, "sex")
      assert.match(String(report(named.verified).document?.["number"]), /^SANDBOX/)
      assert.notProperty(report(named.verified).document, "dob")
    })
  )

  it.effect(
    "shows sensitive fields of the last 48 hours to a restricted key, and all to one bound to IP addresses",
    () =>
      inSandbox(
        { sessions: 0 },
        Effect.gen(function* () {
          const sandbox = yield* Sandbox.Sandbox
          const { id } = yield* sandbox.insert({ status: "verified", type: "document", redaction: null, created: 0 })
          const deep = ["verified_outputs.dob", "last_verification_report.document.number"]
          const shown = Effect.forEach(
            [Sandbox.apiKey, Sandbox.recentSensitiveApiKey, Sandbox.sensitiveApiKey],
            Effect.fnUntraced(function* (key) {
              const query = `?${deep.map((path) => `expand[]=${path}`).join("&")}`
              const session: Sandbox.Session = JSON.parse((yield* ask(query, { key, url: `${listUrl}/${id}` })).text)
              return ["dob" in (session.verified_outputs ?? {}), "number" in (report(session).document ?? {})]
            })
          )
          const [none, all] = [
            [false, false],
            [true, true]
          ]
          // The report is made 90 seconds after the session.
          yield* TestClock.setTime((48 * 60 * 60 + 90) * 1000)
          assert.deepStrictEqual(yield* shown, [none, all, all])
          yield* TestClock.adjust(1000)
          assert.deepStrictEqual(yield* shown, [none, none, all])
        })
      )
  )

  it.effect("gives the ids of images with the report, to any key and with no path of their own", () =>
    inSandbox(
      { sessions: 200 },
      Effect.gen(function* () {
        const { data } = yield* page("?limit=100&status=verified&expand[]=data.last_verification_report")
        const reports = data.map(report)
        const documents = reports.filter(({ document }) => document?.["status"] === "verified")
        assert.isNotEmpty(documents)
        for (const { document } of documents) assert.isArray(document?.["files"])
        const selfies = reports.flatMap(({ selfie }) => (selfie?.["status"] === "verified" ? [selfie] : []))
        assert.isNotEmpty(selfies)
        for (const selfie of selfies) assert.containsAllKeys(selfie, ["document", "selfie"])
        for (const path of ["document.files", "selfie.document", "selfie.selfie"]) {
          const { error, status } = yield* refusal(`?expand[]=data.last_verification_report.${path}`)
          assert.strictEqual(status, 400)
          assert.match(String(error["message"]), /^This property cannot be expanded/)
        }
      })
    )
  )

  it.effect("turns the id of a report into the report, which tells the error of a failed check", () =>
    inSandbox(
      { sessions: 0 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const { id } = yield* sandbox.insert({
          type: "document",
          last_error: { code: "selfie_face_mismatch", reason: "Not the same face." },
          last_verification_report: "vr_mine"
        })
        assert.strictEqual((yield* page()).data[0]?.last_verification_report, "vr_mine")
        const text = (yield* ask("?expand[]=last_verification_report", { url: `${listUrl}/${id}` })).text
        const expanded = report(JSON.parse(text))
        assert.strictEqual(expanded.id, "vr_mine")
        assert.strictEqual(expanded.verification_session, id)
        assert.strictEqual(expanded.document?.["status"], "verified")
        assert.deepStrictEqual(expanded.selfie?.["error"], {
          code: "selfie_face_mismatch",
          reason: "Not the same face."
        })
        assert.strictEqual(expanded.selfie?.["status"], "unverified")
      })
    )
  )

  it.effect("shows the outputs and the report that a test gave only where they are expanded", () =>
    inSandbox(
      { sessions: 0 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const given: Sandbox.Report = {
          id: "vr_mine",
          object: "identity.verification_report",
          client_reference_id: null,
          created: 0,
          document: { error: null, first_name: "Jenny", status: "verified" },
          livemode: false,
          options: { document: {} },
          type: "document",
          verification_session: "vs_mine"
        }
        yield* sandbox.insert({
          id: "vs_mine",
          status: "verified",
          verified_outputs: { first_name: "Jenny" },
          last_verification_report: given
        })
        const client = yield* HttpClient.HttpClient
        const redacted = yield* HttpClientRequest.post(`${listUrl}/vs_mine/redact`).pipe(
          HttpClientRequest.bearerToken(Sandbox.apiKey),
          client.execute
        )
        const [delivery] = yield* sandbox.deliveries({ secrets: [Redacted.make("whsec_mine")] })
        const unexpanded = [
          (yield* page()).data[0],
          (yield* sandbox.sessions)[0],
          yield* redacted.json,
          ...(yield* sandbox.events).map(({ data }) => data.object),
          JSON.parse(delivery?.body ?? "").data.object
        ]
        assert.lengthOf(unexpanded, 6)
        for (const session of unexpanded) {
          assert.notProperty(session, "verified_outputs")
          assert.propertyVal(session, "last_verification_report", "vr_mine")
        }
        const [expanded] = (yield* page("?expand[]=data.verified_outputs&expand[]=data.last_verification_report")).data
        assert.deepStrictEqual(expanded?.verified_outputs, { first_name: "Jenny" })
        assert.deepStrictEqual(report(expanded), given)
      })
    )
  )

  it.effect("keeps the shape of redacted data and none of its content", () =>
    inSandbox(
      { sessions: 0 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        yield* sandbox.insert({ status: "verified", redaction: { status: "redacted" } })
        const { data } = yield* page("?expand[]=data.verified_outputs")
        assert.strictEqual(data[0]?.verified_outputs?.first_name, "[redacted]")
        assert.strictEqual(data[0]?.verified_outputs?.address?.city, "[redacted]")
      })
    )
  )
})

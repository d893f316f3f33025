import { Context, Duration, Effect, Layer, Redacted, Schedule, type Scope } from "effect"
import { SqlClient } from "effect/sql"
import { execFile, spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createConnection, createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import * as SqlDestination from "effect-stripe-identity/SqlDestination"
import * as Accounts from "../../examples/fleet/support/accounts.ts"
import * as Jobs from "../../examples/fleet/support/jobs.ts"
import * as Databases from "./databases.ts"
import { baseUrl, server } from "./sandboxServer.ts"

// A fleet for a test: a simulated Stripe on a port, a schema of its own in Postgres, and workers that are real processes.

const program = (name: string) => fileURLToPath(new URL(`../../examples/fleet/${name}`, import.meta.url))
const preload = (name: string) => new URL(name, import.meta.url).href

const inherited = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(STRIPE_|DATABASE_URL|REDIS_URL)/.test(name))
)

export const redisUrl = process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379"

const answers = (url: string) =>
  new Promise<string | undefined>((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = createConnection({ host: hostname, port: Number(port || 6379), timeout: 5000 })
    const end = (problem?: string) => {
      socket.destroy()
      resolve(problem === undefined ? undefined : `${hostname}:${port}: ${problem}`)
    }
    socket.on("connect", () => end())
    socket.on("timeout", () => end("no answer"))
    socket.on("error", ({ message }) => end(message))
  })

/** Why there is nothing to run a fleet on, or undefined where there is. */
export const withoutServices: string | undefined = Databases.withoutPostgres ?? (await answers(redisUrl))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** How long after the start, in milliseconds. */
  readonly after: number
}

/** A process of the fleet. */
export interface Worker {
  readonly signal: (signal: NodeJS.Signals) => void
  readonly ended: Effect.Effect<Ended>
  readonly isRunning: () => boolean
  /** What it has written so far, to both outputs. */
  readonly output: () => string
}

export interface StartOptions {
  readonly program?: string | undefined
  readonly env?: Record<string, string> | undefined
  /** Modules below `test/support` that are loaded before the program. */
  readonly preload?: ReadonlyArray<string> | undefined
}

export class Fleet extends Context.Service<
  Fleet,
  {
    readonly url: string
    /** That of the database. */
    readonly address: string
    readonly sql: SqlClient.SqlClient
    /** Another name for what it shares in Redis, so that tests do not meet there. */
    readonly name: string
    readonly start: (flags: ReadonlyArray<string>, options?: StartOptions) => Effect.Effect<Worker, never, Scope.Scope>
  }
>()("test/Fleet") {}

interface Said {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** Runs a program in a folder to its end, with no more of an environment than is said. */
export const runIn = (folder: string, file: string, flags: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  Effect.callback<Said>((resume) => {
    const child = execFile(
      process.execPath,
      ["--import", preload("preferSources.ts"), program(file), ...flags],
      { cwd: folder, env: { ...inherited, NO_COLOR: "1", ...env } },
      (_, output, errors) => resume(Effect.succeed({ code: child.exitCode, output, errors }))
    )
    return Effect.sync(() => void child.kill("SIGKILL"))
  })

const makeStart =
  (env: Record<string, string>, name: string) =>
  (flags: ReadonlyArray<string>, options: StartOptions = {}): Effect.Effect<Worker, never, Scope.Scope> =>
    Effect.gen(function* () {
      const began = performance.now()
      const file = options.program ?? "worker.ts"
      const preloads = ["preferSources.ts", ...(options.preload ?? [])].flatMap((file) => ["--import", preload(file)])
      const child = spawn(
        process.execPath,
        [...preloads, program(file), ...(file === "status.ts" ? [] : ["--fleet", name]), ...flags],
        { env: { ...inherited, NO_COLOR: "1", ...env, ...options.env } }
      )
      let output = ""
      child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()))
      child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()))
      let running = true
      const ended = new Promise<Ended>((resolve) =>
        child.on("close", (code, signal) => {
          running = false
          resolve({ code, signal, after: performance.now() - began })
        })
      )
      yield* Effect.addFinalizer(() =>
        Effect.promise(() => {
          // A process that is stopped hears of nothing else.
          child.kill("SIGKILL")
          return ended
        })
      )
      return {
        signal: (signal) => void child.kill(signal),
        ended: Effect.promise(() => ended),
        isRunning: () => running,
        output: () => output
      }
    })

/** Where every write of a session is noted, whoever makes it. */
const noteWrites = [
  "CREATE TABLE writes (account text NOT NULL, id text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())",
  `CREATE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN INSERT INTO writes (account, id) VALUES (NEW.account, NEW.id); RETURN NULL; END $$`,
  `CREATE TRIGGER note_writes AFTER INSERT OR UPDATE ON verification_sessions
     FOR EACH ROW EXECUTE FUNCTION note_write()`
]

const make = Effect.gen(function* () {
  const { address, open } = yield* Databases.Database
  const sql = yield* open
  const tables = Layer.merge(SqlDestination.layer(), Accounts.layer)
  yield* Layer.build(Layer.provide(tables, Layer.succeed(SqlClient.SqlClient, sql)))
  for (const statement of noteWrites) yield* sql.unsafe(statement, [])
  const url = yield* baseUrl
  const name = `test-${new URL(address).searchParams.get("options")?.replace(/.*=/, "")}`
  const env = {
    STRIPE_API_KEY: Redacted.value(Sandbox.apiKey),
    STRIPE_API_BASE: url,
    DATABASE_URL: address,
    REDIS_URL: redisUrl
  }
  return { url, address, sql, name, start: makeStart(env, name) }
})

/** A fleet without workers, and the sandbox that they are to read. */
export const layer = (options: Sandbox.Options) =>
  Layer.effect(Fleet, make).pipe(
    Layer.provide(Databases.postgres),
    Layer.provideMerge(server({ latency: "10 millis", recordedRequests: 1, ...options }))
  )

export const accountIds = (count: number, prefix = "acct_"): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`)

/** Takes accounts into the fleet: into the queue, too, unless it is one of a cluster. */
export const enroll = Effect.fnUntraced(function* (accounts: ReadonlyArray<string>, isCluster: boolean) {
  const { name, sql } = yield* Fleet
  // As the programs of a fleet do.
  yield* Effect.orDie(sql`SET timezone = 'UTC'`)
  const enrolled = isCluster
    ? Effect.asVoid(Accounts.add(accounts))
    : Effect.asVoid(Effect.provide(Jobs.enroll(accounts), Jobs.layer(name, Duration.seconds(3))))
  yield* Effect.orDie(Effect.provideService(enrolled, SqlClient.SqlClient, sql))
})

/** A file of accounts, for the program that takes them from there. */
export const fileOf = (accounts: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const file = join(mkdtempSync(join(tmpdir(), "fleet-")), "accounts.txt")
      writeFileSync(file, accounts.join("\n"))
      return file
    }),
    (file) => Effect.sync(() => rmSync(dirname(file), { recursive: true }))
  )

const query = <A extends object>(statement: string, parameters: ReadonlyArray<unknown> = []) =>
  Effect.flatMap(Fleet, ({ sql }) => Effect.orDie(sql.unsafe<A>(statement, parameters)))

/** A port of this machine that nobody has. */
export const freePort = Effect.callback<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** Waits until a query gives what is wanted. */
export const until = <A extends object>(
  statement: string,
  wanted: (rows: ReadonlyArray<A>) => boolean,
  parameters: ReadonlyArray<unknown> = []
) =>
  query<A>(statement, parameters).pipe(
    Effect.repeat({ schedule: Schedule.spaced("100 millis"), until: wanted }),
    Effect.asVoid
  )

/** Waits until a worker is at work. */
export const ready = (worker: Worker) =>
  Effect.sync(worker.output).pipe(
    Effect.repeat({ schedule: Schedule.spaced("50 millis"), until: (output) => output.includes("Ready: ") }),
    Effect.asVoid
  )

const countUnread = "SELECT count(*)::int AS unread FROM fleet_accounts WHERE ended_at IS NULL"

/** How many accounts were not read to their end yet. */
export const unread = Effect.suspend(() =>
  Effect.map(query<{ readonly unread: number }>(countUnread), ([row]) => row?.unread ?? 0)
)

/** Waits until every account was read to its end. */
export const allRead = until<{ readonly unread: number }>(countUnread, ([row]) => row?.unread === 0)

/** What was written, and how often. */
export const written = Effect.gen(function* () {
  const [row] = yield* query<{ rows: number; writes: number; twice: number }>(
    `SELECT (SELECT count(*)::int FROM verification_sessions) AS rows, (SELECT count(*)::int FROM writes) AS writes,
       (SELECT count(*)::int FROM (SELECT 1 FROM writes GROUP BY account, id HAVING count(*) > 1) AS again) AS twice`
  )
  return row ?? { rows: -1, writes: -1, twice: -1 }
})

/** The accounts whose copy is not what Stripe lists. */
export const different = Effect.fnUntraced(function* (accounts: ReadonlyArray<string>) {
  const sandbox = yield* Sandbox.Sandbox
  const rows = yield* query<{ account: string; copy: string }>(
    "SELECT account, string_agg(id || ' ' || status, ',' ORDER BY id) AS copy FROM verification_sessions GROUP BY account"
  )
  const copies = new Map(rows.map(({ account, copy }) => [account, copy]))
  const wrong: Array<string> = []
  for (const account of accounts) {
    const listed = (yield* sandbox.account(account).sessions).map(({ id, status }) => `${id} ${status}`).sort()
    // Ids have one length, so texts of both are in the order of the ids. Postgres may sort letters otherwise.
    const copied = (copies.get(account) ?? "").split(",").sort()
    if (listed.join() !== copied.join()) wrong.push(account)
  }
  return wrong
})

export const traffic = Sandbox.Sandbox.use((sandbox) => sandbox.traffic)
export { query }

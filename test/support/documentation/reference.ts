// Writes the reference of the public API to out/docs: npm run docs. Anything that TypeDoc warns of is a failure.
import { registerHooks } from "node:module"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../../", import.meta.url))

// TypeDoc needs the compiler's programming interface, which TypeScript 7 does not have.
registerHooks({
  resolve: (specifier, context, next) => next(specifier === "typescript" ? "typescript-6" : specifier, context)
})

const { order } = await import("../modules.ts")
const { Application } = await import("typedoc")

const application = await Application.bootstrap({
  name: "effect-stripe-identity",
  entryPoints: [...order.filter((file) => file !== "index.ts"), "Sandbox.ts"].map((file) => `${root}src/${file}`),
  tsconfig: `${root}tsconfig.build.json`,
  out: `${root}out/docs`,
  readme: `${root}test/support/documentation/reference.md`,
  categoryOrder: [
    "Read sessions and reports",
    "Filter",
    "Export, sync and mirror",
    "Requests and errors",
    "Test",
    "Read other lists",
    "*"
  ],
  navigation: { includeCategories: true },
  // What classes inherit from Effect is documented there.
  excludeExternals: true,
  // Links to sources need a remote on the web, which a copy of the repository may not have.
  disableSources: true,
  categorizeByGroup: false,
  treatWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, notDocumented: true, rewrittenLink: true },
  // Fields of sessions and reports are Stripe's, and so is what they mean. test/Modules.test.ts looks after options.
  requiredToBeDocumented: ["Module", "Namespace", "Variable", "Function", "Class", "Interface", "TypeAlias"],
  // Parts of types that are public: shapes on the wire, words of enums, and helpers that only the compiler reads.
  intentionallyNotExported: [
    "src/StripeError.ts:reasons",
    "src/Webhook.ts:reasons",
    "src/SqlDestination.ts:reasons",
    "src/internal/session/service.ts:Handler",
    "src/internal/session/wire.ts:lastErrorCodes",
    "src/internal/session/wire.ts:redactionStatuses",
    "src/internal/report/wire.ts:checkNames",
    "src/internal/report/wire.ts:expandPaths",
    "src/internal/sandbox/accounts.ts:Access",
    "src/internal/sandbox/changes.ts:Failure",
    "src/internal/sandbox/eventFaults.ts:Drift",
    "src/internal/sandbox/faults.ts:Options",
    "src/internal/sandbox/faults.ts:rateLimitReasons",
    "src/internal/sandbox/history.ts:Shape",
    "src/internal/sandbox/parameters.ts:Query",
    "src/internal/sandbox/reply.ts:ListEnvelope",
    "src/internal/sandbox/session.ts:CheckError",
    "src/internal/sandbox/session.ts:Open",
    "src/internal/sandbox/session.ts:Status",
    "src/internal/sandbox/session.ts:VerifiedOutputs",
    "src/internal/session/wire.ts:expandPaths",
    "src/internal/session/wire.ts:statuses",
    "src/internal/session/wire.ts:types"
  ]
})

const project = await application.convert()
if (project !== undefined) {
  application.validate(project)
  if (!application.logger.hasErrors() && !application.logger.hasWarnings()) await application.generateOutputs(project)
}
if (project === undefined || application.logger.hasErrors() || application.logger.hasWarnings()) process.exitCode = 1

import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const source = (path: string) => here(`./src/${path}`)

export default defineConfig({
  resolve: {
    alias: [
      { find: /^effect-stripe-identity$/, replacement: source("index.ts") },
      { find: /^effect-stripe-identity\/(.+)$/, replacement: source("$1.ts") }
    ]
  },
  server: {
    // Tests write here, and a watcher that saw it would start them again.
    watch: { ignored: ["**/out/**"] }
  },
  test: {
    include: ["test/**/*.test.ts"],
    sequence: { concurrent: true },
    // A third of the time tests wait for programs, sockets and databases: two processors take 311 s with three workers, and
    // 343 s with two.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    silent: false,
    // Tests start some hundred programs, which compile the same modules.
    env: { NODE_COMPILE_CACHE: here("./out/compile-cache") },
    // Only what hangs takes so long. A bound on time would be a test of the machine.
    testTimeout: 120_000,
    hookTimeout: 120_000
  }
})

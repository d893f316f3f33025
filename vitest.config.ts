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
    // One processor left over for others would be half of two.
    maxWorkers: "100%",
    silent: false,
    // Tests start some hundred programs, which compile the same modules.
    env: { NODE_COMPILE_CACHE: here("./out/compile-cache") },
    // Only what hangs takes so long. A bound on time would be a test of the machine.
    testTimeout: 120_000,
    hookTimeout: 120_000
  }
})

import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url))

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
    silent: "passed-only",
    testTimeout: 30_000
  }
})

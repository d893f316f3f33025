import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** Stripe's own description of the calls, its fixtures and error bodies. They are its data, so they are outside of the project. */
export const folder = fileURLToPath(new URL("../../../shared/stripe/", import.meta.url))

/** Whether there is something to check against. */
export const isPresent: boolean = existsSync(folder)

/**
 * Says aloud that there is nothing to check against. In CI that is an error, unless the machine says that it cannot have
 * the material: a public runner has only what is in the repository.
 */
export const complainIfAbsent = (): void => {
  if (isPresent) return
  const message = `Stripe's material is missing, so NOTHING was checked against it: ${folder}`
  if (process.env["CI"] && !process.env["WITHOUT_STRIPE_MATERIAL"]) throw new Error(message)
  // Past Vitest, which shows what is written to the console only for tests that fail.
  process.stderr.write(`\nWARNING: ${message}\n`)
}

/** One file of it, or `undefined`, loudly, where there is none. */
export const readStripeMaterial = <A>(name: string): A | undefined => {
  complainIfAbsent()
  // Type boundary: the caller knows the file.
  return isPresent ? (JSON.parse(readFileSync(folder + name, "utf8")) as A) : undefined
}

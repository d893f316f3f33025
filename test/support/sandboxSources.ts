// Loaded with `node --import`: lets an example run on the sources of the library, so that testing it needs no build.
import { registerHooks } from "node:module"

const name = "effect-stripe-identity"

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === name || specifier.startsWith(`${name}/`)
      ? next(new URL(`../../src/${specifier.slice(name.length + 1) || "index"}.ts`, import.meta.url).href, context)
      : next(specifier, context)
})

// For programs that tests start with `node --import`: the library is what stands in `src`, and not the last build.
import { registerHooks } from "node:module"

registerHooks({
  resolve: (specifier, context, next) => {
    const [found, module = "index"] = /^effect-stripe-identity(?:\/(\w+))?$/.exec(specifier) ?? []
    return next(found === undefined ? specifier : new URL(`../../src/${module}.ts`, import.meta.url).href, context)
  }
})

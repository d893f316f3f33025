// For programs that tests start with `node --import`: a fleet whose limit goes by the clocks of its workers. A test of clocks
// that passes with it has shown nothing.
import { registerHooks } from "node:module"

const algorithm = 'algorithm: "fixed-window"'

registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context)
    if (!url.endsWith("/examples/fleet/support/services.ts")) return loaded
    const source = String(loaded.source)
    if (!source.includes(algorithm)) throw new Error(`There is no ${algorithm} in ${url}`)
    return { ...loaded, source: source.replace(algorithm, 'algorithm: "token-bucket"') }
  }
})

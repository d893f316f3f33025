/**
 * How long `import "effect-stripe-identity"` takes, compared with importing only the modules of Effect that it needs.
 *
 *     npm run bench:import -- [ROUNDS]
 *
 * Every import is a process of its own, on `dist`, without a bundler. Rounds are interleaved, so that a noisy moment meets
 * all of them. What counts is the median of the ratios within a round, of processor time, because what else runs does not
 * count in it.
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { importsOf } from "../support/modules.ts"
import { root } from "../support/packed.ts"

const [rounds = 21] = process.argv.slice(2).map(Number)
const bar = 1.1

const dist = join(root, "dist")

/** What the library, and every file that it loads, imports of Effect. */
const effectModules = (() => {
  const files = new Set<string>()
  const modules = new Set<string>()
  const walk = (file: string): void => {
    if (files.has(file)) return
    files.add(file)
    for (const name of importsOf(file, readFileSync(join(dist, file), "utf8"))) {
      if (name.startsWith("effect/")) modules.add(name)
      else walk(name)
    }
  }
  walk("index.js")
  return Array.from(modules)
})()

/** In milliseconds. */
interface Reading {
  readonly processor: number
  readonly wall: number
}

const median = (values: ReadonlyArray<number>) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

const own = (name: string) => ({ label: name, names: [name] })
const subjects = [
  { label: `the ${effectModules.length} modules of Effect that the library imports`, names: effectModules },
  own("effect-stripe-identity"),
  ...["VerificationSessions", "Sandbox", "SessionFlags"].map((name) => own(`effect-stripe-identity/${name}`))
].map((subject, index) => {
  // Inside of the project, so that the program finds the library and Effect as a user's would.
  const file = join(root, "out", `import-${index}.mjs`)
  mkdirSync(join(root, "out"), { recursive: true })
  writeFileSync(file, subject.names.map((name) => `import ${JSON.stringify(name)}`).join("\n"))
  return { ...subject, url: pathToFileURL(file).href, readings: new Array<Reading>() }
})

for (let round = 0; round < rounds; round++) {
  for (const { readings, url } of subjects) {
    const program = `const [start, used] = [performance.now(), process.cpuUsage()]
      await import(${JSON.stringify(url)})
      const { user, system } = process.cpuUsage(used)
      console.log(JSON.stringify({ wall: performance.now() - start, processor: (user + system) / 1000 }))`
    const output = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" })
    readings.push(JSON.parse(output))
  }
}

const effect = subjects[0]?.readings ?? []
const results = subjects.map(({ label, readings }) => ({
  label,
  processor: median(readings.map(({ processor }) => processor)),
  wall: median(readings.map(({ wall }) => wall)),
  ratio: median(readings.map(({ processor }, round) => processor / (effect[round]?.processor ?? Number.NaN)))
}))
const ratio = results[1]?.ratio ?? Number.NaN
console.log(`\n${rounds} rounds, Node ${process.version}\n`)
console.log("| import | processor time | wall time | × Effect's modules |")
console.log("| --- | --- | --- | --- |")
for (const { label, processor, ratio, wall } of results) {
  console.log(`| ${label} | ${processor.toFixed(0)} ms | ${wall.toFixed(0)} ms | ${ratio.toFixed(2)} |`)
}
console.log(`\n× ${ratio.toFixed(2)}, bar ≤ ${bar}: ${ratio <= bar ? "holds" : "MISSED"}`)

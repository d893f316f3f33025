/**
 * What it costs to know an id that came before, a row, and what with a `Set` of strings.
 *
 *     node test/bench/recentIds.ts
 *
 * Pages of a hundred ids as `JSON.parse` makes them. Older ids are forgotten every 600 rows, as those of a list with a row a
 * second are.
 */
import { RecentIds } from "../../src/internal/pagination/recentIds.ts"
import { median } from "./support/measure.ts"

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
const toId = () => `vs_1${Array.from({ length: 23 }, () => letters[Math.floor(Math.random() * 62)]).join("")}`

const strings = () => {
  let ids = new Set<string>()
  let older = new Set<string>()
  return {
    add: (id: string): boolean => {
      const { size } = ids
      return !older.has(id) && ids.add(id).size > size
    },
    forgetOlder: () => {
      older = ids
      ids = new Set()
    }
  }
}

/** Nanoseconds a row. */
const measure = (make: () => Pick<RecentIds, "add" | "forgetOlder">): number => {
  const pages = 2000
  const ids = make()
  let total = 0
  for (let page = 0; page < pages; page++) {
    const rows: ReadonlyArray<string> = JSON.parse(JSON.stringify(Array.from({ length: 100 }, toId)))
    const start = performance.now()
    if (page % 6 === 0) ids.forgetOlder()
    for (const id of rows) ids.add(id)
    total += performance.now() - start
  }
  return (total * 1e6) / pages / 100
}

const found = { "a Set of strings": [] as Array<number>, RecentIds: [] as Array<number> }
for (let round = 0; round < 5; round++) {
  found["a Set of strings"].push(measure(strings))
  found.RecentIds.push(measure(() => new RecentIds()))
}
for (const [name, times] of Object.entries(found))
  console.log(`${name.padEnd(18)} ${median(times).toFixed(0)} ns a row`)

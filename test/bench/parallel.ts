/**
 * Wall time of reading a whole list over sockets where a reply takes 150 ms (plus or minus three tenths), beside
 * stripe-node, which reads one page after the other.
 *
 *     npm run bench:parallel -- [ROWS]
 */
import { execFileSync, fork } from "node:child_process"
import { fileURLToPath } from "node:url"

const [rows = 100_000] = process.argv.slice(2).map(Number)

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))

const read = (name: string, port: unknown, concurrency: number): number => {
  const parameters = [file("support/readers.ts"), name, String(port), String(rows), String(concurrency)]
  return JSON.parse(execFileSync(process.execPath, parameters).toString()).wall
}

const server = fork(file("support/server.ts"), [String(rows), "150"])
server.on("message", (port) => {
  try {
    console.log(`${rows} rows in pages of 100, replies of 150 ms ± 30 %, Node ${process.version}\n`)
    const peer = read("stripe-node", port, 1)
    console.log(`stripe-node: ${(peer / 1000).toFixed(1)} s`)
    for (const concurrency of [1, 4, 16]) {
      const wall = read("this library", port, concurrency)
      const ratio = (peer / wall).toFixed(1)
      console.log(`this library, concurrency ${concurrency}: ${(wall / 1000).toFixed(1)} s, ${ratio} times stripe-node`)
    }
  } finally {
    server.kill()
  }
})

import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { runCommand } from "./command.ts"
import { apart, filesBelow } from "./modules.ts"

/** Where the project is. */
export const root = fileURLToPath(new URL("../..", import.meta.url))

/** The modules that a user can import, but the root. */
export const modules: ReadonlyArray<string> = filesBelow(join(root, "src"))
  .filter((file) => file.endsWith(".ts") && !file.includes("/") && file !== "index.ts")
  .map((file) => file.slice(0, -3))

/** Those that the root gives too. */
export const inIndex: ReadonlyArray<string> = modules.filter((name) => !apart.includes(`${name}.ts`))

/** Packs what is built in one folder into another one, and returns the path of the tarball. */
export const pack = async (from: string, into: string): Promise<string> => {
  const { code, output } = await runCommand("npm", ["pack", "--ignore-scripts", "--pack-destination", into], {
    cwd: from
  })
  const [tarball] = (await readdir(into)).filter((file) => file.endsWith(".tgz"))
  if (code !== 0 || tarball === undefined) throw new Error(output)
  return join(into, tarball)
}

/** A folder outside of the project, for as long as it is used. */
export const withFolder = async <A>(use: (folder: string) => Promise<A>): Promise<A> => {
  const folder = await mkdtemp(join(tmpdir(), "effect-stripe-identity-"))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

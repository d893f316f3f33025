import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"

const guides = "examples/guides"

/** Every page of documentation, as paths from the root of the repository. */
export const pages = (root: string): ReadonlyArray<string> =>
  [
    "README.md",
    "CONTRIBUTING.md",
    "AGENTS.md",
    "src/README.md",
    "test/faults.md",
    ...(existsSync(join(root, guides)) ? readdirSync(join(root, guides)).map((file) => `${guides}/${file}`) : [])
  ].filter((file) => file.endsWith(".md") && existsSync(join(root, file)))

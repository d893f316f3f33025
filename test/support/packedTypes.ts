/**
 * Are the types of the packed package wrong? Every module that a user can import is resolved as each compiler setting does
 * that can load ES modules: the profile "esm-only" of attw, so neither `require` nor TypeScript's resolution of before 2022.
 *
 *     npm run package
 */
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core"
import { filterProblems } from "@arethetypeswrong/core/problems"
import { readFile } from "node:fs/promises"
import { modules, pack, root, withFolder } from "./packed.ts"

await withFolder(async (folder) => {
  const files = createPackageFromTarballData(await readFile(await pack(root, folder)))
  const entrypoints = [".", ...modules.map((name) => `./${name}`)]
  const analysis = await checkPackage(files, { entrypoints })
  if (!analysis.types) throw new Error("The package has no types: npm run build")
  const problems = (["node16-esm", "bundler"] as const).flatMap((resolutionKind) =>
    filterProblems(analysis, { resolutionKind }).map((problem) => `${resolutionKind}: ${JSON.stringify(problem)}`)
  )
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
  else console.log(`attw, esm-only: ${entrypoints.length} paths, no problems`)
})

import { it } from "@effect/vitest"
import * as Databases from "./support/databases.ts"
import { erasureSuite } from "./support/erasureSuite.ts"
import { mirrorSuite } from "./support/mirrorSuite.ts"
import { killed } from "./support/sqlKills.ts"
import { suite } from "./support/sqlSuite.ts"

it.layer(Databases.pglite, { excludeTestServices: true, timeout: "60 seconds" })(
  "Postgres in this process (PGlite)",
  (it) => {
    suite(it)
    mirrorSuite(it, { many: false })
    erasureSuite(it)
  }
)

it.layer(Databases.pgliteForPrograms, { excludeTestServices: true, timeout: "60 seconds" })(
  "PGlite behind a socket",
  (it) => killed(it)
)

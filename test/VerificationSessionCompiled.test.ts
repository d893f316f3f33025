// Compiles every schema of this file, before any is used: users may do so, and the codecs must not notice.
// oxlint-disable-next-line import/no-unassigned-import -- This is how Effect turns its compiler on.
import "effect/schema/SchemaJITCompiler/enable"

import { describe } from "@effect/vitest"
import { codecLaws } from "./support/codecLaws.ts"

describe("the codecs of sessions, compiled", codecLaws)

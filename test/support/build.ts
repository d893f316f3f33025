// Makes dist/*.js. The library is one file behind its modules, because finding and opening a file costs Node more than what
// is in it: seventy files took it four times as long to import.
import { readdirSync } from "node:fs"
import { build, type Plugin, RolldownMagicString } from "rolldown"
import { parseSync, Visitor } from "rolldown/utils"

/** Says of each call that runs on import that it is pure, so that bundlers leave out what a program does not use. */
const pureCalls: Plugin = {
  name: "pure-calls",
  transform(code, id) {
    const text = new RolldownMagicString(code)
    let functions = 0
    const enter = () => void functions++
    const leave = () => void functions--
    const mark = ({ start }: { readonly start: number }) => {
      if (functions === 0) text.appendLeft(start, "/*#__PURE__*/ ")
    }
    new Visitor({
      FunctionDeclaration: enter,
      "FunctionDeclaration:exit": leave,
      FunctionExpression: enter,
      "FunctionExpression:exit": leave,
      ArrowFunctionExpression: enter,
      "ArrowFunctionExpression:exit": leave,
      CallExpression: mark,
      NewExpression: mark
    }).visit(parseSync(id, code).program)
    return { code: text.toString(), map: text.generateMap({ source: id, hires: true }).toString() }
  }
}

const modules = readdirSync("src").flatMap((file) => (file.endsWith(".ts") ? [file.slice(0, -".ts".length)] : []))

await build({
  input: Object.fromEntries(modules.map((name) => [name, `src/${name}.ts`])),
  external: /^effect\//,
  plugins: [pureCalls],
  output: {
    dir: "dist",
    chunkFileNames: "internal/[name].js",
    // What few programs load stays in files of its own.
    codeSplitting: {
      groups: [
        {
          name: "library",
          test: /[\\/]src[\\/](?!index|Sandbox|internal[\\/]sandbox|SessionFlags|SqlDestination|internal[\\/]sql)/
        }
      ]
    },
    // The declarations have the docstrings.
    comments: { annotation: true, jsdoc: false, legal: false },
    sourcemap: true,
    sourcemapExcludeSources: true
  }
})

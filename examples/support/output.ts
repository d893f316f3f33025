// What becomes of a program when nobody reads its output any more, as after `| head -1`. Without this it would end with a
// stack trace.

const isClosed = (error: Error) => "code" in error && error.code === "EPIPE"

/** For programs that store something: they go on in silence. */
export const goOnWithoutReader = (): void => {
  for (const output of [process.stdout, process.stderr]) output.on("error", () => {})
}

/** For programs whose output is all there is: they end. */
export const endWithoutReader = (): void => {
  process.stdout.on("error", (error) => {
    if (!isClosed(error)) console.error(`Cannot write any more: ${error.message}`)
    process.exit(isClosed(error) ? 0 : 1)
  })
}

// What a program does when its reader has closed the pipe, as after `| head -1`. Without this it ends with a stack trace.

const isClosed = (error: Error) => "code" in error && error.code === "EPIPE"

/** For programs that store something: they continue without output. */
export const goOnWithoutReader = (): void => {
  for (const output of [process.stdout, process.stderr]) output.on("error", () => {})
}

/** For programs that only print: they end. */
export const endWithoutReader = (): void => {
  process.stdout.on("error", (error) => {
    if (!isClosed(error)) console.error(`Cannot write any more: ${error.message}`)
    process.exit(isClosed(error) ? 0 : 1)
  })
}

// For examples without arguments. An argument that is ignored would read the whole account.

const fromEnvironment =
  "reads Stripe where STRIPE_API_KEY is set (with STRIPE_ACCOUNT or STRIPE_CONTEXT, STRIPE_API_BASE and STRIPE_API_VERSION), else the sandbox"

/** Ends the program where there is an argument, with what it does: with success only if `--help` asked for that. */
export const takesNoArguments = (does: string, reads = fromEnvironment): void => {
  const [argument] = process.argv.slice(2)
  if (argument === undefined) return
  const isHelp = argument === "--help" || argument === "-h"
  const write = isHelp ? console.log : console.error
  write(`${does}. It takes no arguments, and ${reads}.`)
  process.exit(isHelp ? 0 : 2)
}

// What all programs of a fleet take.
import { Duration } from "effect"
import { Flag } from "effect/cli"

const above = (minimum: number, what: string) =>
  Flag.filter(
    (value: number) => value >= minimum,
    () => what
  )

const seconds = (name: string, description: string, otherwise: number) =>
  Flag.Finite(name).pipe(
    Flag.withDescription(`${description}, in seconds (default ${otherwise})`),
    above(0.1, "a number of seconds, 0.1 or more"),
    Flag.withDefault(otherwise),
    Flag.map(Duration.seconds)
  )

const count = (name: string, description: string, otherwise: number, minimum = 1) =>
  Flag.Int(name).pipe(
    Flag.withDescription(`${description} (default ${otherwise})`),
    above(minimum, `a whole number, ${minimum} or more`),
    Flag.withDefault(otherwise)
  )

export const concurrency = count("concurrency", "How many accounts are read at a time by this worker", 8)

export const limit = count("limit", "How many accounts are listed", 20)

/** What is read in a turn of an account, and when its next run begins. */
export const work = {
  // A poll that finds nothing is one page, so with turns of one page no run would end.
  pages: count("pages", "How many pages of an account are read before the next account's turn", 10, 2),
  settle: seconds("settle", "How old sessions and events must be to be read", 60),
  every: seconds("every", "How long after a run of an account the next one begins", 300),
  refused: seconds("refused-every", "How long after a run the next one begins if Stripe refuses the account", 3600),
  longest: seconds("longest-pause", "The longest wait after a run that fails, as these waits double", 3600)
}

export const once = Flag.Boolean("once").pipe(
  Flag.withDescription("Exit when every account that is due has ended its run, with 1 if an account is failing"),
  Flag.withDefault(false)
)

/** What is shared with other workers, and has to be the same in all of them. */
export const shared = {
  fleet: Flag.String("fleet").pipe(
    Flag.withDescription("The name of the fleet, if several share Redis; each needs its own database (default fleet)"),
    Flag.filter(
      (name) => /^[\w-]{1,100}$/.test(name),
      () => "letters, digits, _ and -"
    ),
    Flag.withDefault("fleet")
  ),
  rate: count(
    "rate",
    "Requests a second of all workers together, or of each without Redis: at most 90 % of Stripe's limit",
    90
  ),
  accountRate: count("account-rate", "Requests a second of one account", 20),
  lock: seconds("lock", "How long a worker that does not answer keeps its accounts", 15)
}

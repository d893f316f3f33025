/**
 * What the rule does besides when a list is read from its oldest row to its newest. Pure, as the rest of it.
 *
 * Places are mirrored seconds here: the later, the further down. Stripe tells the page after any row towards newer ones,
 * so a walk goes on as it does newest-first. But only the newest rows before a second can be asked for by time, so the
 * first page of a walk lies before the second that it is started at, and is the end of what the walk before it has to
 * read. Where a walk begins is therefore only known when its first page came.
 *
 * Where the list begins has to be found out as well. That costs a few requests (see `search.ts`), and the pages that they
 * bring are first pages of walks like any others.
 */
import * as Density from "./density.ts"
import * as Search from "./search.ts"
import * as Walks from "./walks.ts"
import type { Kept, Plan, Reply, Request, Walk } from "./walks.ts"

/** The place at which a walk starts that begins before a second, and the other way round. */
const mirrored = (second: number): number => 1 - second

/** The share of the readers that look for the oldest row at the same time, and the most: more would tell little more. */
const lookingAtOnce = 2 / 3
const mostLooking = 12

/** How far from the beginning walks may be that the search leaves, in pages for each reader. */
const nearPages = Walks.memoryPerReader * 0.75

/** Where the oldest row is sought among many rows of one second: how many pages of these wait, for each reader. */
const heldOfSecond = Walks.memoryPerReader / 2

/** Those that do not wait are read once more, by walks of so many pages. */
const pagesOfSecond = 8

/** The last rows of a first page say best what comes after it. */
const lastRows = 10

const isNewest = (walk: Walk): boolean => walk.below === Number.NEGATIVE_INFINITY

/** The next request of the search for the oldest row. */
export const look = (plan: Plan, search: Search.Search): readonly [Request, Plan] | undefined => {
  const asked = plan.walks.filter(({ state }) => state === "reading").map(({ below }) => mirrored(below))
  const found = Search.next(search, asked, Math.min(mostLooking, Math.ceil(plan.width * lookingAtOnce)))
  if (found !== undefined) {
    const [second, after] = found
    const below = mirrored(second)
    const index = plan.walks.findIndex((walk) => walk.below < below)
    return Walks.send({ ...plan, search: after }, index, Walks.newWalk(plan.sent, below, below, 1))
  }
  return Search.isNarrow(search) ? lookInSecond(plan, search.high) : undefined
}

/** Only rows of one second are left, which no time tells apart: they are passed page by page, towards older rows. */
const lookInSecond = (plan: Plan, second: number): readonly [Request, Plan] | undefined => {
  const index = plan.walks.findIndex(({ answered }) => answered)
  const first = plan.walks[index]
  if (first === undefined) return undefined
  if (plan.walks.some(({ below, state }) => state === "reading" && below === -second)) return undefined
  const walks = plan.walks.slice(index)
  const [request, after] = Walks.send({ ...plan, walks }, 0, Walks.newWalk(plan.sent, -second, -second, 1))
  return [{ ...request, beside: first.id }, after]
}

/** Takes note of the first page of a walk. `hasMore` says whether there are rows before it. */
export const begun = (plan: Plan, index: number, walk: Walk, reply: Reply): readonly [Kept, Plan] => {
  const { created, hasMore, passed = 0 } = reply
  const { search } = plan
  if (created.length === 0) return [[0, 0], isNewest(walk) ? { ...plan, walks: [] } : nothing(plan, index, walk)]
  const isOldest = !hasMore && (isNewest(walk) || search !== undefined)
  const before = isOldest ? undefined : (plan.walks[index - 1] ?? plan.last)
  const from = Math.max(Math.min(passed, created.length), before === undefined ? 0 : countPassed(created, before))
  const next = plan.walks[index + 1]
  const isWhole = isNewest(walk) || (next?.answered === true && next.top >= walk.below)
  const kept = created.length - from
  const answered: Walk = {
    ...walk,
    top: from > 0 && before?.answered === false ? before.below : (created[from] ?? walk.below),
    state: isWhole ? "done" : "ready",
    answered: true,
    rows: kept,
    waiting: kept > 0 ? 1 : 0
  }
  const walks = plan.walks.map((other, at): Walk => {
    if (at === index) return answered
    // The page reaches back to where the walk before it stands.
    return at === index - 1 && from > 0 && other.answered && other.state === "ready"
      ? { ...other, state: "done" }
      : other
  })
  const after = { ...Walks.counted(plan, kept), walks }
  if (isOldest) return [[from, created.length], begin({ ...after, walks: walks.slice(index), search: undefined })]
  const known = search === undefined ? learned(plan.known, answered, before, created) : plan.known
  return [[from, created.length], Walks.withoutDelivered(searched({ ...after, known }, answered, created))]
}

/** How many rows of a first page belong to the walk before it. Those of the second that it stands in are not counted. */
const countPassed = (created: ReadonlyArray<number>, { answered, below, reached }: Walk): number =>
  created.findLastIndex((place) => place >= below || (answered && place > reached)) + 1

/** There is no row, or no longer one, before the second at which a walk was started. */
const nothing = (plan: Plan, index: number, walk: Walk): Plan => {
  const { search, walks } = plan
  const after = Walks.counted(plan, 0)
  if (search !== undefined) {
    const rest = { ...after, walks: walks.slice(index + 1) }
    return walk.below === -search.high
      ? begin({ ...rest, search: undefined })
      : { ...rest, search: Search.empty(search, mirrored(walk.below)) }
  }
  const before = walks[index - 1]
  // The walk before has read up to that second and no further, so that the walk has to find its first row by time.
  return before === undefined || before.state === "done"
    ? { ...after, walks: walks.with(index, { ...walk, top: walk.below, state: "ready", answered: true }) }
    : { ...after, walks: walks.toSpliced(index, 1) }
}

/** What a first page shows of how the rows lie, up to the place where its walk was started. */
const learned = (
  known: Density.Known,
  walk: Walk,
  before: Walk | undefined,
  created: ReadonlyArray<number>
): Density.Known => {
  const last = Math.max(0, Math.min(walk.rows - 1, lastRows))
  const passed = before === undefined ? Infinity : Math.min(before.below, before.answered ? before.reached : Infinity)
  const middle = Math.min(created.at(-1 - last) ?? walk.below, passed)
  const earlier = walk.rows - last
  const added =
    earlier > 0 ? Density.add(known, { newest: Math.max(walk.top, middle), oldest: middle, rows: earlier }) : known
  // Time without a row is as much worth knowing, and counts as if it had one.
  return middle > walk.below
    ? Density.add(added, { newest: middle, oldest: walk.below, rows: Math.max(1, last) })
    : added
}

/** What a first page means for the search, if it goes on. */
const searched = (plan: Plan, walk: Walk, created: ReadonlyArray<number>): Plan => {
  const { search, settings } = plan
  const [first = 0] = created
  if (isNewest(walk)) {
    return { ...plan, search: Search.make(settings.floor ?? 0, -first, first - (created.at(-1) ?? first) + 1) }
  }
  if (search === undefined) return plan
  if (Search.isNarrow(search)) return withoutPassed(plan, -search.high)
  return withoutFar({ ...plan, search: Search.seen(search, -first) })
}

/** The walks without those that are given up. The ones before them read their rows. */
const without = (walks: ReadonlyArray<Walk>, givenUp: ReadonlySet<Walk>): ReadonlyArray<Walk> =>
  walks.flatMap((walk, index): ReadonlyArray<Walk> => {
    if (givenUp.has(walk)) return []
    const next = walks[index + 1]
    return [next !== undefined && givenUp.has(next) && walk.answered ? { ...walk, state: "ready" } : walk]
  })

/** Of the walks that the search finds, the nearest to the beginning are kept. The very last one is the end of the list. */
const withoutFar = (plan: Plan): Plan => {
  const answered = plan.walks.filter(({ answered }) => answered)
  return { ...plan, walks: without(plan.walks, new Set(answered.slice(plan.settings.readers, -1))) }
}

/**
 * Gives up what was read first of a second, when so many of its pages wait that memory has no room for more. The walks
 * before read it again; some of the places are remembered, so that several can.
 */
const withoutPassed = (plan: Plan, place: number): Plan => {
  const held = plan.walks.filter(({ below, waiting }) => below === place && waiting > 0)
  const last = held.at(-1)
  if (last === undefined || held.length <= heldOfSecond * plan.settings.readers) return plan
  const walks = without(plan.walks, new Set([last]))
  if (last.id % pagesOfSecond !== 0) return { ...plan, walks }
  return { ...plan, walks: walks.toSpliced(plan.walks.indexOf(last), 0, { ...last, rows: 0, waiting: 0 }) }
}

/** It is known where the list begins. Walks too far from there to be read soon are given up. */
const begin = (plan: Plan): Plan => {
  const { pageSize, readers } = plan.settings
  let pages = 0
  let reached = Number.NEGATIVE_INFINITY
  const far = plan.walks.filter((walk) => {
    if (isNewest(walk)) return false
    const seconds = walk.top - walk.below
    if (reached > walk.top) pages += ((reached - walk.top) * walk.rows) / (seconds * pageSize)
    if (pages > nearPages * readers) return true
    pages += walk.waiting
    reached = walk.reached
    return false
  })
  const walks = without(plan.walks, new Set(far))
  const stretches = walks.filter(({ below, rows }) => rows > 0 && Number.isFinite(below))
  return Walks.withoutDelivered({
    ...plan,
    walks,
    known: stretches.reduce<Density.Known>(
      (known, { below, rows, top }) => Density.add(known, { newest: top, oldest: below, rows }),
      []
    ),
    // What it took to find this out does not count as guesses that failed.
    answered: walks.filter(({ answered }) => answered).length,
    rows: walks.reduce((sum, { rows }) => sum + rows, 0)
  })
}

/**
 * When the rows of a list were created: a function of the row number that never decreases, so that any row and any
 * range of seconds is found without making the others.
 */
import { fraction } from "./prng.ts"

/** How the moments of creation are spread over the range. See `Sandbox.Options`. */
export type Shape = "uniform" | "growing" | "daily" | "bursty" | "import" | "one-second"

/** The shapes, for those who let a person choose one. */
export const shapes: readonly [Shape, ...Array<Shape>] = [
  "uniform",
  "growing",
  "daily",
  "bursty",
  "import",
  "one-second"
]

/** The rows 0 (oldest) to `size - 1` (newest) and their seconds. */
export interface History {
  readonly size: number
  /** The epoch second of a row. */
  readonly created: (index: number) => number
  /** How many rows are older than the given epoch second. */
  readonly countBefore: (second: number) => number
}

const secondsInDay = 86_400
const bursts = 20
const jitterPurpose = 11
const burstPurpose = 12

// Slow at night, fast at noon: time passes quickly where the derivative is large. Increasing because 0.9 < 1.
const withinDay = (part: number): number => part + (0.9 / (2 * Math.PI)) * Math.sin(2 * Math.PI * part)

const throughDays = (days: number): number => Math.floor(days) + withinDay(days - Math.floor(days))

/**
 * The share of the range that has passed when a share of the rows exists (a quantile function): from 0 to 1, never
 * decreasing.
 */
const elapsed = (shape: Shape, seed: number, span: number): ((share: number) => number) => {
  switch (shape) {
    case "uniform":
      return (share) => share
    case "growing":
      // Twenty times as many rows a day at the end as at the beginning.
      return (share) => Math.log1p(share * 19) / Math.log(20)
    case "daily": {
      const days = span / secondsInDay
      return (share) => throughDays(share * days) / throughDays(days)
    }
    case "bursty":
      return (share) => {
        const burst = Math.min(Math.floor(share * bursts), bursts - 1)
        const part = share * bursts - burst
        const begin = 0.05 + 0.85 * fraction(seed, burst, burstPurpose)
        const width = 0.02
        const within =
          part < 0.05
            ? (part / 0.05) * begin
            : part < 0.95
              ? begin + ((part - 0.05) / 0.9) * width
              : begin + width + ((part - 0.95) / 0.05) * (1 - begin - width)
        return (burst + within) / bursts
      }
    case "import": {
      const width = Math.min(600 / span, 0.5)
      const begin = 0.6 * (1 - width)
      return (share) =>
        share < 0.3
          ? (share / 0.3) * begin
          : share < 0.8
            ? begin + ((share - 0.3) / 0.5) * width
            : begin + width + ((share - 0.8) / 0.2) * (1 - begin - width)
    }
    case "one-second":
      return () => 0
  }
}

/** Spreads `size` rows over the seconds `from` (inclusive) to `to` (exclusive). */
export const make = (options: {
  readonly shape: Shape
  readonly size: number
  readonly seed: number
  readonly from: number
  readonly to: number
}): History => {
  const { from, seed, shape, size } = options
  const last = Math.max(options.to - 1, from)
  const span = last - from + 1
  const quantile = elapsed(shape, seed, span)
  const created = (index: number): number => {
    const share = (index + fraction(seed, index, jitterPurpose)) / size
    return Math.min(from + Math.floor(span * quantile(share)), last)
  }
  const countBefore = (second: number): number => {
    if (second > last) return size
    if (second <= from) return 0
    let low = 0
    let high = size
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (created(middle) < second) low = middle + 1
      else high = middle
    }
    return low
  }
  return { size, created, countBefore }
}

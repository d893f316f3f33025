/**
 * The ids that a read met last.
 *
 * An id is kept as two numbers of 32 bits, made from all of its letters. A `Set` of strings takes several times as long
 * (`node test/bench/recentIds.ts`), because V8 is slow at the first hash of a string. Two ids of a read of a million rows have
 * the same two numbers less than once in ten million such reads, which then fails.
 */

interface Half {
  /** By the first number of an id its second. */
  readonly numbers: Map<number, number>
  /** The ids whose first number another id had before. */
  readonly others: Set<string>
}

const empty = (): Half => ({ numbers: new Map(), others: new Set() })

const holds = ({ numbers, others }: Half, id: string, first: number, second: number): boolean =>
  numbers.get(first) === second || (others.size > 0 && others.has(id))

export class RecentIds {
  private recent = empty()
  private older = empty()

  /** Remembers an id, and says whether it is new. */
  add(id: string): boolean {
    let first = 0
    let second = 0
    for (let index = 0; index < id.length; index++) {
      const unit = id.charCodeAt(index)
      first = Math.imul(first ^ unit, 0x01000193)
      second = (Math.imul(second, 31) + unit) | 0
    }
    const { numbers, others } = this.recent
    if (holds(this.older, id, first, second)) return false
    const known = numbers.get(first)
    if (known === undefined) numbers.set(first, second)
    if (known === undefined || known === second) return known === undefined
    const { size } = others
    return others.add(id).size > size
  }

  /** Forgets the ids that were there when it was called last. To forget one by one costs much more. */
  forgetOlder(): void {
    this.older = this.recent
    this.recent = empty()
  }
}

/**
 * Repeatable noise and reversible scrambling: everything in the sandbox that looks random is a function of the seed and
 * of what it belongs to, so that a million rows need no storage and two runs agree.
 */

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/** A well mixed unsigned 32-bit integer out of three integers (the finalizer of MurmurHash3). */
export const mix = (seed: number, index: number, purpose: number): number => {
  let hash = seed ^ Math.imul(index, 0x9e3779b1) ^ Math.imul(purpose + 1, 0x85ebca6b)
  // Indices above 2^32 would repeat without their upper half.
  hash ^= Math.imul((index / 0x100000000) | 0, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** A number in [0, 1) with 32 bits of resolution. */
export const fraction = (seed: number, index: number, purpose: number): number =>
  mix(seed, index, purpose) / 0x100000000

/** One of the given values, each equally likely. */
export const pick = <const Values extends readonly [unknown, ...ReadonlyArray<unknown>]>(
  values: Values,
  seed: number,
  index: number,
  purpose: number
): Values[number] => values[mix(seed, index, purpose) % values.length] ?? values[0]

/** `length` letters and digits. */
export const letters = (length: number, seed: number, index: number, purpose: number): string => {
  let text = ""
  let word = 0
  for (let position = 0; position < length; position++) {
    // Five characters fit in 32 bits (62^5 < 2^32).
    if (position % 5 === 0) word = mix(seed, index, purpose + 0x10000 * (1 + position / 5))
    text += alphabet[word % 62]
    word = Math.floor(word / 62)
  }
  return text
}

const half = 0x100000

// A Feistel network over 40 bits: a bijection whatever the round function is, so it can be run backwards.
const encipher = (seed: number, index: number): number => {
  let left = Math.floor(index / half)
  let right = index % half
  for (let round = 0; round < 4; round++) {
    const next = left ^ (mix(seed, right, round) % half)
    left = right
    right = next
  }
  return left * half + right
}

const decipher = (seed: number, code: number): number => {
  let left = Math.floor(code / half)
  let right = code % half
  for (let round = 3; round >= 0; round--) {
    const previous = right ^ (mix(seed, left, round) % half)
    right = left
    left = previous
  }
  return left * half + right
}

// 62^7 > 2^40, so seven characters hold any enciphered index.
const codeLength = 7

/** Turns row numbers into ids that look like Stripe's and back, without a table. */
export interface IdCodec {
  readonly encode: (index: number) => string
  /** The row number of an id that this codec made, `undefined` for any other text. */
  readonly decode: (id: string) => number | undefined
}

/**
 * Ids are `prefix`, then "1", four letters of the row, ten of the account, two more of the row and the code. Another `kind`
 * gives other ids of the same account.
 */
export const makeIdCodec = (prefix: string, accountSeed: number, kind = 0): IdCodec => {
  const account = letters(10, accountSeed, 0, 1)
  const seed = accountSeed + kind
  const encode = (index: number): string => {
    let code = encipher(seed, index)
    let text = ""
    for (let position = 0; position < codeLength; position++) {
      text = (alphabet[code % 62] ?? "0") + text
      code = Math.floor(code / 62)
    }
    const check = letters(6, seed, index, 2)
    return `${prefix}1${check.slice(0, 4)}${account}${check.slice(4)}${text}`
  }
  const length = encode(0).length
  const decode = (id: string): number | undefined => {
    if (id.length !== length || !id.startsWith(prefix)) return undefined
    let code = 0
    for (let position = length - codeLength; position < length; position++) {
      const digit = alphabet.indexOf(id.charAt(position))
      if (digit < 0) return undefined
      code = code * 62 + digit
    }
    if (code >= half * half) return undefined
    const index = decipher(seed, code)
    return encode(index) === id ? index : undefined
  }
  return { encode, decode }
}

/**
 * Invented people. Names, places and numbers come from small lists and from ranges that are reserved for fiction
 * (example.com, 555-01xx, invalid social security numbers), so nothing here can belong to anyone.
 */
import { fraction, mix, pick } from "./prng.ts"
import type { Address, CalendarDate } from "./session.ts"

/** Everything the sandbox may tell about the person behind a session. */
export interface Person {
  readonly first_name: string
  readonly last_name: string
  readonly email: string
  readonly phone: string
  readonly address: Address
  readonly dob: CalendarDate
  readonly sex: string
  readonly place_of_birth: string
  readonly id_number: string
  readonly id_number_type: string
  readonly document_number: string
  readonly document_type: "driving_license" | "id_card" | "passport"
}

const firstNames = ["Ada", "Bruno", "Chiara", "Dmitri", "Esther", "Femi", "Grete", "Hiro", "Ines", "Jenny"] as const
const lastNames = [
  "Rosen",
  "Okafor",
  "Lindqvist",
  "Marchetti",
  "Tanaka",
  "Dubois",
  "O'Neill",
  "Nowak",
  "Silva"
] as const
const streets = ["Sample Street", "Fiction Road", "Placeholder Lane", "Rue de l'Exemple", "Musterstraße"] as const
const places = [
  { city: "San Francisco", state: "CA", country: "US", postal_code: "94111" },
  { city: "Dublin", state: null, country: "IE", postal_code: "D02 AB12" },
  { city: "São Paulo", state: "SP", country: "BR", postal_code: "01310-100" },
  { city: "Zürich", state: "ZH", country: "CH", postal_code: "8001" },
  { city: "東京", state: null, country: "JP", postal_code: "100-0001" },
  { city: "Singapore", state: null, country: "SG", postal_code: null }
] as const

/** The person of a row: always the same for the same seed and row. */
export const person = (seed: number, index: number): Person => {
  const first = pick(firstNames, seed, index, 41)
  const last = pick(lastNames, seed, index, 42)
  const place = pick(places, seed, index, 43)
  const digits = (count: number, purpose: number): string =>
    Math.floor(fraction(seed, index, purpose) * 10 ** count)
      .toString()
      .padStart(count, "0")
  const identity = pick(
    [
      // The area numbers 900 to 999 are never given out.
      { id_number_type: "us_ssn", id_number: `9${digits(8, 44)}` },
      { id_number_type: "br_cpf", id_number: `000${digits(8, 44)}` },
      { id_number_type: "sg_nric", id_number: `S00${digits(5, 44)}X` }
    ],
    seed,
    index,
    45
  )
  return {
    first_name: first,
    last_name: last,
    email: `${first.toLowerCase()}.${digits(5, 46)}@example.com`,
    phone: `+155555501${digits(2, 47)}`,
    address: {
      city: place.city,
      country: place.country,
      line1: `${1 + (mix(seed, index, 48) % 999)} ${pick(streets, seed, index, 49)}`,
      line2: mix(seed, index, 50) % 4 === 0 ? `Flat ${1 + (mix(seed, index, 51) % 40)}` : null,
      postal_code: place.postal_code,
      state: place.state
    },
    dob: {
      day: 1 + (mix(seed, index, 52) % 28),
      month: 1 + (mix(seed, index, 53) % 12),
      year: 1940 + (mix(seed, index, 54) % 67)
    },
    sex: pick(["female", "male", "unknown"], seed, index, 55),
    place_of_birth: place.city,
    id_number: identity.id_number,
    id_number_type: identity.id_number_type,
    document_number: `SANDBOX${digits(6, 56)}`,
    document_type: pick(["driving_license", "id_card", "passport"], seed, index, 57)
  }
}

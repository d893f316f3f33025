/**
 * What the sandbox answers, before it is put on a socket or into an in-process response.
 */
import * as Data from "effect/Data"
import type * as Stream from "effect/Stream"
import type { ConnectedAccount, Event, Report, Session } from "./session.ts"

/** A row of any list. */
export type Row = Session | Report | Event | ConnectedAccount

/** The four keys of every list reply. */
export interface ListEnvelope {
  readonly object: "list"
  readonly data: ReadonlyArray<Row>
  readonly has_more: boolean
  readonly url: string
}

/** The connection broke, before the head of the answer or in the middle of its body. */
export class ConnectionReset extends Data.TaggedError("ConnectionReset")<{}> {
  override get message(): string {
    return "The sandbox reset the connection, as a fault asked."
  }
}

/** An answer. Header names are lower case; `content-length` is added by the front unless given. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Stream.Stream<Uint8Array, ConnectionReset>
  /** The page in the body, where the reply is a list without a fault: faults are made from it. */
  readonly page?: ListEnvelope | undefined
}

/** JSON as Stripe prints it. */
export const print = (value: unknown): string => JSON.stringify(value, null, 2)

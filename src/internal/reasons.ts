/** The classes of the reasons of an error. */
import * as Schema from "effect/Schema"

/**
 * Makes the classes of an error's reasons, each by its name and its fields. Effect takes instances of two classes with the
 * same identifier for instances of both, so the identifier has the name of the error too.
 */
export const reasonOf =
  (error: string) =>
  <Self>() =>
  <Tag extends string, const Fields extends Schema.Struct.Fields>(tag: Tag, fields: Fields) =>
    Schema.TaggedError<Self>(`effect-stripe-identity/${error}/${tag}`)(tag, fields)

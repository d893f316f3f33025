/**
 * Texts that others wrote, as a message may say them: short, in one line, and without secrets. They are cut first, and every
 * pattern takes time that grows with the text, because whoever writes the text decides how long it is.
 */

/** How many characters of a sentence, and of an id or a name, a message says. */
const longest = { sentence: 500, name: 255 } as const

/**
 * A text, or the beginning of a long one. It ends before the word that would be cut, because half of a key, an address or a
 * login no longer looks like one. Of a text that is one long word nothing is left.
 */
export const beginning = (text: string, length: number): string => {
  if (text.length <= length) return text
  // No secret below reaches over one of these.
  const breaks = /[\s"'<>]/
  for (let end = length; end > 0; end--) if (breaks.test(text.charAt(end))) return `${text.slice(0, end)}…`
  return ""
}

/**
 * Takes API keys, client secrets, links to a verification, values of queries, who logs in at an address, and mail
 * addresses out of a text. Stripe's messages echo keys with a mask that still shows the last characters, and those are gone
 * too.
 */
export const withoutSecrets = (text: string): string =>
  text
    .replace(/((?:\b[a-z]{2}|[srpe]k)_(?:test|live|org)|whsec)_[\w*.]+/g, "$1_<redacted>")
    .replace(/_secret_\w+/g, "_secret_<redacted>")
    // However the slashes are written: in JSON, in HTML or within another address.
    .replace(/(verify\.stripe\.com)[\\/%&][^\s"'<>]+/gi, "$1/<redacted>")
    .replace(/(\/\/)[^\s"'<>/?#]+@/g, "$1<redacted>@")
    .replace(/((?:[?&]|&amp;)[\w.[\]%-]+)=[^\s"'&<>]+/g, "$1=<redacted>")
    // Each word is looked at once. A pattern that begins before the `@` would start again at each letter before it.
    .replace(/[^\s"'<>(),:;]+/g, (word) =>
      /[^@]@[^@.]+\.[^@.]/.test(word.replaceAll("%40", "@")) ? "<redacted>" : word
    )

/** A sentence in one line, as a message is: what others write has breaks in it, as OpenSSL's errors and pages of HTML do. */
export const sentence = (text: string, length: number = longest.sentence): string => {
  const said = beginning(text, length)
  return said === "" && text !== ""
    ? `(${text.length} characters)`
    : withoutSecrets(said)
        // Escape sequences go too, which a terminal would obey.
        .replace(/[\s\p{Cc}\p{Cf}]+/gu, " ")
        .trim()
}

/** The same of an id, a code or a name. */
export const name = (text: string, length: number = longest.name): string => sentence(text, length)

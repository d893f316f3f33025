/**
 * Takes API keys, client secrets, links to a verification, values of queries, who logs in at an address, and mail
 * addresses out of a text. Stripe's messages echo keys with a mask that still shows the last characters, and those are gone
 * too.
 */
export const withoutSecrets = (text: string): string =>
  text
    .replace(/((?:\b[a-z]{2}|(?<=_)[srpe]k)_(?:test|live|org))_[\w*.]+/g, "$1_<redacted>")
    .replace(/\b(vs_\w+?)_secret_\w+/g, "$1_secret_<redacted>")
    // However the slashes are written: in JSON, in HTML or within another address.
    .replace(/(verify\.stripe\.com)[\\/%&][^\s"'<>]+/gi, "$1/<redacted>")
    .replace(/(\/\/)[^\s"'<>/?#]+@/g, "$1<redacted>@")
    .replace(/([?&][\w.[\]%-]+)=[^\s"'&<>]+/g, "$1=<redacted>")
    .replace(/[^\s"'<>(),:;]+@[\w-]+(?:\.[\w-]+)+/g, "<redacted>")

/**
 * The same in one line, as a message is: what others write has breaks in it, as OpenSSL's errors and pages of HTML do, and
 * may have escape sequences that a terminal would obey.
 */
export const inOneLine = (text: string): string =>
  withoutSecrets(text)
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, " ")
    .trim()

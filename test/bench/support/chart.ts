/**
 * The picture of a run, for the README: how long a whole list takes, as bars. An SVG that is read on light and on dark.
 */
import type { Results } from "./results.ts"

const width = 720
const left = 250
const row = 30
const top = 56

const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

export const chart = ({ wall: { rows, ways } }: Results): string => {
  const longest = Math.max(...ways.map(({ seconds }) => seconds))
  const title = `${rows.toLocaleString("en-US")} sessions, replies of 150 ms: seconds`
  const bars = ways.flatMap(({ name, seconds, speed }, index) => {
    const y = top + index * row
    const length = Math.max(2, (seconds / longest) * (width - left - 170))
    const color = name === "stripe-node" ? "#8b949e" : "#2f81f7"
    const times = name === "stripe-node" ? "" : `, ${speed.toFixed(1)} times as fast`
    return [
      `<text x="${left - 12}" y="${y + 14}" text-anchor="end">${escape(name)}</text>`,
      `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="20" rx="3" fill="${color}"/>`,
      `<text x="${(left + length + 8).toFixed(1)}" y="${y + 14}">${seconds.toFixed(1)}${times}</text>`
    ]
  })
  const height = top + ways.length * row + 12
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}">`,
    "<style>text { font: 13px system-ui, sans-serif; fill: #57606a } @media (prefers-color-scheme: dark) { text { fill: #adbac7 } }</style>",
    `<text x="12" y="28" style="font-size: 15px; font-weight: 600">${escape(title)}</text>`,
    ...bars,
    "</svg>",
    ""
  ].join("\n")
}

import type { Measurement } from './measure.ts'
import type { ShapeName } from './shapes.ts'

const colors = ['#9aa0a6', '#4c78a8', '#f58518', '#b279a2', '#2e7d32', '#e45756']
const left = 150
const width = 460
const bar = 16
const gap = 18

/** Bars of requests a second, each shape in relation to its fastest contender. */
export function plot(results: Map<ShapeName, Map<string, Measurement>>): string {
  let y = 10
  const parts: string[] = []
  for (const [shapeName, byName] of results) {
    const most = Math.max(...[...byName.values()].map(({ requestsPerSecond }) => requestsPerSecond))
    parts.push(`<text x="0" y="${y + bar - 4}" font-weight="bold">${shapeName}</text>`)
    let index = 0
    for (const [name, { requestsPerSecond }] of byName) {
      const length = Math.max(1, Math.round((requestsPerSecond / most) * width))
      parts.push(
        `<text x="${left - 6}" y="${y + bar - 4}" text-anchor="end">${name}</text>`,
        `<rect x="${left}" y="${y}" width="${length}" height="${bar - 3}" fill="${colors[index++ % colors.length]}"/>`,
        `<text x="${left + length + 6}" y="${y + bar - 4}">${Math.round(requestsPerSecond).toLocaleString('en-US')}</text>`,
      )
      y += bar
    }
    y += gap
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + width + 80}" height="${y}" font-family="system-ui, sans-serif" font-size="12">
<title>Requests a second of each contender, by shape</title>
<rect width="100%" height="100%" fill="#fff"/>
${parts.join('\n')}
</svg>
`
}

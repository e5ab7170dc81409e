import { isDeepStrictEqual } from 'node:util'
import type { RunningContender } from './contenders.ts'
import type { DataShape } from './data.ts'
import type { BenchDatabase } from './database.ts'
import { ask, resetConnectors } from './measure.ts'
import { type ShapeName, targetOf } from './shapes.ts'

/** Asks every contender the same and throws unless the answers are the same, order included, and hold what they should. Their sizes in bytes. */
export async function compareAnswers(
  running: RunningContender[],
  shapeNames: readonly ShapeName[],
  database: BenchDatabase,
  data: DataShape,
): Promise<Map<ShapeName, number>> {
  const sizes = new Map<ShapeName, number>()
  for (const shapeName of shapeNames) {
    for (const organization of [0, data.organizations - 1]) {
      let first: { name: string; answer: unknown } | undefined
      for (const contender of running) {
        await resetConnectors(database)
        const answer = await ask(contender, shapeName, database, targetOf(organization, data))
        first ??= { name: contender.name, answer }
        const text = JSON.stringify(answer)
        if (text.includes('"errors"') || text.includes(':null'))
          throw new Error(`${contender.name} does not answer ${shapeName}: ${text.slice(0, 500)}`)
        if (!isDeepStrictEqual(answer, first.answer)) {
          throw new Error(`${contender.name} and ${first.name} answer ${shapeName} differently: ${difference(answer, first.answer)}`)
        }
        sizes.set(shapeName, text.length)
      }
    }
  }
  return sizes
}

function difference(one: unknown, other: unknown): string {
  const [a, b] = [JSON.stringify(one), JSON.stringify(other)]
  const at = [...a].findIndex((character, index) => character !== b[index])
  return `…${a.slice(Math.max(0, at - 80), at + 80)}… and …${b.slice(Math.max(0, at - 80), at + 80)}…`
}

import { expect, it } from 'vitest'

const seen: string[] = []

function Marked(target: object, property: string | symbol | undefined, index: number): void {
  seen.push(`${target.constructor.name}.${String(property)} ${index}`)
}

class Sample {
  twice(@Marked number: number): number {
    return number * 2
  }

  sum(first: number, @Marked second: number): number {
    return first + second
  }
}

it('a decorator on a parameter runs with the class, its method and the position', () => {
  expect(seen).toEqual(['Sample.twice 0', 'Sample.sum 1'])
  expect(new Sample().twice(2) + new Sample().sum(1, 1)).toBe(6)
})

it('the compiled classes carry no type metadata', () => {
  expect(Object.keys(Reflect)).not.toContain('metadata')
  expect(Sample.toString()).not.toContain('design:paramtypes')
})

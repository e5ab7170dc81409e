import { PassThrough } from 'node:stream'
import { afterEach, expect, test, vi } from 'vitest'
import { startProgress } from '../../examples/shared/progress.ts'

afterEach(() => vi.useRealTimers())

test('on a terminal a bar shows how far it is, and goes when it is done', () => {
  const stream = new PassThrough({ encoding: 'utf8' })
  const terminal = Object.assign(stream, { isTTY: true, columns: 80 })
  const progress = startProgress(terminal, 'Verified', 10)
  progress.update(4)
  progress.end(9)
  const text = stream.read() as string
  expect(text).toContain('Verified')
  expect(text).toContain('4/10')
  expect(text).toMatch(/Verified: 9 of 10 in \d+\.\d s\n$/)
})

test('what is said in between takes the line of the bar, which is drawn again', () => {
  const stream = new PassThrough({ encoding: 'utf8' })
  const progress = startProgress(Object.assign(stream, { isTTY: true, columns: 80 }), 'Read', 10)
  progress.update(4)
  progress.note('Connected again.')
  progress.end(10)
  const [before, after] = (stream.read() as string).split('\r\u001b[KConnected again.\n')
  expect(before).toContain('0/10')
  expect(after).toMatch(/^[^\n]*Read[^\n]*4\/10/)
})

test('elsewhere a line every three seconds does', () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const lines: string[] = []
  const progress = startProgress({ write: (line) => lines.push(line) }, 'Verified', 100)
  for (let done = 1; done <= 70; done++) {
    vi.advanceTimersByTime(100)
    progress.update(done)
  }
  progress.end(70)
  expect(lines).toEqual(['Verified: 30 of 100\n', 'Verified: 60 of 100\n', 'Verified: 70 of 100 in 7.0 s\n'])
})

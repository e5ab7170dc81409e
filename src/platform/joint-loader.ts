import DataLoader from 'dataloader'

interface JointLoaderOptions {
  /** Batches under way at the most. */
  atOnce: number
  maxBatchSize: number
}

/**
 * A loader across requests. What is asked while as many batches are under way as may be waits for the end of one, and is the next one
 * together: the more come at once the more go together, and who finds less under way waits for nobody. Nothing is kept.
 */
export function jointLoader<Key, Value>(
  load: (keys: readonly Key[]) => Promise<(Value | Error)[]>,
  { atOnce, maxBatchSize }: JointLoaderOptions,
): DataLoader<Key, Value> {
  let underWay = 0
  const waiting: (() => void)[] = []
  const begin = (run: () => void) => {
    underWay++
    setImmediate(run)
  }
  const end = () => {
    underWay--
    const run = waiting.shift()
    if (run) begin(run)
  }
  const schedule = (run: () => void) => {
    if (underWay < atOnce) begin(run)
    else waiting.push(run)
  }
  return new DataLoader((keys) => load(keys).finally(end), { cache: false, maxBatchSize, batchScheduleFn: schedule })
}

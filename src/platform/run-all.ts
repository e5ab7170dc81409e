import { setTimeout as sleep } from 'node:timers/promises'

/** Before something that was busy is tried again. */
const busyWaitMs = 500

/** Runs the tasks, so many at once; one that answers `busy` is tried again after the others. Rejects once none is under way any more. */
export async function runAll(tasks: (() => Promise<'done' | 'busy'>)[], atOnce: number): Promise<void> {
  const open = [...tasks]
  const worker = async () => {
    for (let task = open.shift(); task; task = open.shift()) {
      if ((await task()) === 'done') continue
      open.push(task)
      await sleep(busyWaitMs)
    }
  }
  const workers = await Promise.allSettled(Array.from({ length: Math.min(atOnce, tasks.length) }, worker))
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason
}

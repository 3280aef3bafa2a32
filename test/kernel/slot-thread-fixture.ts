/** Entry module of the slot threads of `slot-host.test.ts`: sinks that count, crash (`'crash'`), or raise a shared flag and hang. */
import { serveSlot } from '#src/kernel/slot-serve.js'

await serveSlot({
  decode: () => [],
  openSink(_task, description) {
    let rows = 0
    return {
      write(_partition, batch) {
        rows += batch.rows
        if (description instanceof Int32Array) {
          Atomics.store(description, 0, 1)
          for (;;);
        }
        if (description === 'crash')
          process.nextTick(() => {
            throw new Error('bang')
          })
      },
      finish: () => {
        const bytes = Uint8Array.of(1, 2, 3)
        return { value: { rows, bytes }, transfer: [bytes.buffer] }
      },
      abort() {},
    }
  },
})

/** The producer in `shuffles.test.ts`; runs in a worker thread, and gives its memory up without asking who reads it. */
import { parentPort, workerData } from 'node:worker_threads';
import { type ShuffleOutput, ShuffleWriter } from '../../src/channels/index.ts';
import { StreamRecord } from '../../src/model/index.ts';

export interface ShuffleThreadData {
  readonly batches: number;
  readonly recordsPerBatch: number;
  readonly isRecycling: boolean;
}

export interface ShuffleThreadBatch {
  /** The value of all its records. */
  readonly batch: number;
  readonly output: ShuffleOutput;
}

const { batches, recordsPerBatch, isRecycling } = workerData as ShuffleThreadData;
const writer = new ShuffleWriter({ bins: 4, bytesMax: 1 << 30 });
for (let batch = 0; batch < batches; batch++) {
  if (isRecycling) writer.recycle();
  for (let i = 0; i < recordsPerBatch; i++) {
    // Fields that differ within a batch keep the columns from being constants: each value stands in the memory.
    const value = { batch, text: `${batch}:${i}` };
    writer.channels[i % 4]!.write(new StreamRecord(value, i, batch, i));
  }
  const message: ShuffleThreadBatch = { batch, output: writer.take() };
  parentPort?.postMessage(message);
}

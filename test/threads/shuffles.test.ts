import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { ShuffleReader } from '../../src/channels/index.ts';
import { MillraceError, type RecordReceiver, type StreamRecord } from '../../src/model/index.ts';
import type { ShuffleThreadBatch, ShuffleThreadData } from './shuffle-thread.ts';

const RECORDS_PER_BATCH = 5_000;

/** Reads each batch as it arrives, while the producer is at the next ones already. */
async function readFrom(data: ShuffleThreadData): Promise<{ complete: number; outdated: number; wrong: string[] }> {
  const counts = { complete: 0, outdated: 0, wrong: [] as string[] };
  const worker = new Worker(new URL('./typescript-entry.mjs', import.meta.url), {
    workerData: { ...data, module: new URL('./shuffle-thread.ts', import.meta.url).href },
  });
  worker.on('message', ({ batch, output }: ShuffleThreadBatch) => {
    const expected = expectBatch(batch, counts.wrong);
    const reader = new ShuffleReader([output], 0, 3);
    try {
      while (reader.drain(expected.receiver, 1_000) > 0);
      if (expected.received() !== RECORDS_PER_BATCH)
        counts.wrong.push(`batch ${batch}: ${expected.received()} records`);
      counts.complete++;
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'ERR_SHUFFLE_OUTDATED') counts.outdated++;
      else counts.wrong.push(`batch ${batch}: ${String(error)}`);
    }
  });
  await once(worker, 'exit');
  return counts;
}

/** Notes what a batch should not contain. */
function expectBatch(batch: number, wrong: string[]): { receiver: RecordReceiver; received: () => number } {
  const next = [0, 1, 2, 3];
  let received = 0;
  const receive = (record: StreamRecord): void => {
    received++;
    const value = record.value as { batch: number; text: string };
    const i = record.key as number;
    const isRight = value.batch === batch && value.text === `${batch}:${i}` && i === next[i % 4];
    if (!isRight && wrong.length < 10) wrong.push(`batch ${batch} has ${JSON.stringify(record)}`);
    next[i % 4] = i + 4;
  };
  return { receiver: { receive, isBlocked: () => false }, received: () => received };
}

test('records reach another thread complete and in order, batch after batch', async () => {
  const counts = await readFrom({ batches: 200, recordsPerBatch: RECORDS_PER_BATCH, isRecycling: false });

  expect(counts).toEqual({ complete: 200, outdated: 0, wrong: [] });
}, 60_000);

test('a reader that is overtaken by the next batch reads what was written, or learns that it is outdated', async () => {
  const counts = await readFrom({ batches: 1_000, recordsPerBatch: RECORDS_PER_BATCH, isRecycling: true });

  expect(counts.wrong).toEqual([]);
  expect(counts.complete + counts.outdated).toBe(1_000);
  // The last batch is not overtaken.
  expect(counts.complete).toBeGreaterThan(0);
}, 60_000);

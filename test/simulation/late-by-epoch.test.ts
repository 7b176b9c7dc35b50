/**
 * Which records are late where watermarks rise between epochs only: by Spark's pair, late by the watermark of the epoch before, closed by that
 * of its own. A batch and an epoch of continuous mode with the same records decide the same.
 */
import { describe, expect, it } from 'vitest';
import { aggregates, defineJob, type JobDefinition, sinks, sources, windows } from '../../src/index.ts';
import { simulateJob, testJob } from '../../src/testing/index.ts';

/** Event times, by epoch. Behind the first the watermark is 12, behind the second 25; each is in force one epoch later. */
const EPOCHS: readonly (readonly number[])[] = [
  [5, 12],
  [8, 25],
  [9, 18],
];
/** 8 comes below 12 in the epoch that closes its window, which is closed behind it; 9 comes one epoch later. */
const ROWS: readonly unknown[] = [
  { key: 0, windowStart: 0, windowEnd: 10, times: [5, 8] },
  { key: 0, windowStart: 10, windowEnd: 20, times: [12, 18] },
  { key: 0, windowStart: 20, windowEnd: 30, times: [25] },
];

function lateJob(records: readonly number[], out = sinks.memory<unknown>(), late = sinks.memory<number>()) {
  const job: JobDefinition = defineJob('late', (builder) => {
    const rows = builder
      .source('in', sources.memory(records))
      .withEventTime((at) => at)
      .keyBy(() => 0)
      .window(windows.tumbling({ sizeMs: 10 }))
      .aggregate({ times: aggregates.collect((at) => at, { limit: 10 }) });
    rows.to('out', out);
    rows.side('late').to('late', late);
  });
  return { job, out, late };
}

describe('a record is late', () => {
  it('in microbatch mode by the watermark of the batch before its own', async () => {
    const { job, out, late } = lateJob(EPOCHS.flat());

    await simulateJob(job, { seed: 1, options: { mode: 'microbatch', batch: { recordsMax: 2 } } });

    expect(out.records).toEqual(ROWS);
    expect(late.records).toEqual([9]);
  });

  it("in continuous mode with advance: 'epoch' by that of the epoch before", () => {
    const options = { watermark: { advance: 'epoch' } } as const;
    const driven = testJob(lateJob([]).job, { mode: 'continuous', options, epochs: 'manual' });

    for (const times of EPOCHS) {
      driven.source<number>('in').addAll(times);
      driven.advanceEpoch();
    }
    driven.end();

    expect(driven.sink('out').take()).toEqual(ROWS);
    expect(driven.sink('late').take()).toEqual([9]);
    driven.close();
  });
});

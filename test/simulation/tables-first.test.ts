import { describe, expect, it } from 'vitest';
import { defineJob, type EngineMode, sinks, sources } from '../../src/index.ts';
import { simulateJob } from '../../src/testing/index.ts';

const ROWS = 400;
const RECORDS = 600;

function joinedJob() {
  const sink = sinks.memory<string>();
  const job = defineJob('names', (builder) => {
    const names = builder.source(
      'names',
      sources.generator({
        records: ROWS,
        splits: 2,
        seed: 1,
        create: (index) => ({ id: index % 50, name: `n${index % 50}` }),
      }),
    );
    builder
      .source(
        'events',
        sources.generator({ records: RECORDS, splits: 3, seed: 1, create: (index) => ({ id: index % 60, index }) }),
      )
      .joinBroadcast(names, {
        type: 'left',
        leftKey: ({ id }) => id,
        rightKey: ({ id }) => id,
        select: ({ index }, row) => `${index} ${row?.name ?? '-'}`,
      })
      .to('out', sink);
  });
  return { job, sink };
}

const expected = Array.from({ length: RECORDS }, (_, index) => `${index} ${index % 60 < 50 ? `n${index % 60}` : '-'}`);

describe.each<EngineMode>(['continuous', 'microbatch'])('a table that ends, joined in %s mode', (mode) => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed))(
    'is read whole before the first record that is joined with it, whatever dies, seed %i',
    async (seed) => {
      const { job, sink } = joinedJob();

      await simulateJob(job, {
        seed,
        options: { mode, parallelism: 1 + (seed % 3), workers: 2, batch: { recordsMax: 70 }, epoch: { records: 90 } },
        ...(seed < 4 ? {} : { faults: { workerKills: 2, crashes: 2, switches: 2 } }),
        roundMs: seed % 2 === 0 ? undefined : 1,
      });

      expect(sink.records.toSorted()).toEqual(expected.toSorted());
    },
  );
});

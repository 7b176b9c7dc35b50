/**
 * Frozen state is encoded in slices, with records between them that read and change what is frozen. What an epoch commits is
 * the state at its marker all the same: who goes on from it misses nothing and sees nothing twice (I1).
 */
import { afterAll, describe, expect, it } from 'vitest';
import { defineJob, records, sinks, sources, states } from '../../src/index.ts';
import { simulateJob } from '../../src/testing/index.ts';

const KEYS = 300;
const RECORDS = 6000;
const SEEDS = 10;

interface Row {
  readonly key: number;
  readonly replaced: number;
  readonly changed: number;
}

/** Counts the records of each key in two states: one that is replaced, and one that is changed in place. */
function countTwice() {
  const sink = sinks.memory<Row>();
  const job = defineJob('slices', (builder) => {
    builder
      .source('in', sources.generator({ records: RECORDS, create: (index) => (index * 7) % KEYS }))
      .keyBy((key) => key)
      .process({
        states: { replaced: states.value<number>(), changed: states.value<{ n: number }>() },
        emits: records<Row>(),
        process(key, { states: { replaced, changed }, emit }) {
          const n = (replaced.get() ?? 0) + 1;
          replaced.set(n);
          const held = changed.get() ?? { n: 0 };
          held.n++;
          changed.set(held);
          emit({ key, replaced: n, changed: held.n });
        },
      })
      .to('out', sink);
  });
  return { job, sink };
}

// In microbatch mode no record comes between the slices: a task is sealed when it has read its input.
describe('state that is encoded while records flow', () => {
  let crashes = 0;
  afterAll(() => {
    expect(crashes).toBeGreaterThan(SEEDS * 2);
  });

  it.each(Array.from({ length: SEEDS }, (_, seed) => seed))('is that of the marker, seed %i', async (seed) => {
    const { job, sink } = countTwice();

    const { processes } = await simulateJob(job, {
      seed,
      options: { mode: 'continuous', parallelism: 1 + (seed % 2), workers: 1, epoch: { intervalMs: 10 } },
      // Behind a commit, with the next epoch still to come: what the first one left out is lost now.
      faults: { crashAt: Array.from({ length: 4 }, () => 'epoch.visible') },
      roundMs: 0.1,
    });

    crashes += processes - 1;
    const seen = new Map<number, number>();
    for (const { key, replaced, changed } of sink.records) {
      const n = (seen.get(key) ?? 0) + 1;
      expect({ key, replaced, changed }).toEqual({ key, replaced: n, changed: n });
      seen.set(key, n);
    }
    expect(sink.records).toHaveLength(RECORDS);
  });
});

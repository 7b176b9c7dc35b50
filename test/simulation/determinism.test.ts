/**
 * I7: time, randomness and input enter only through clock, injected numbers and connectors. So a run is a function of its seed.
 */
import { describe, expect, it } from 'vitest';
import { aggregates, defineJob, type ExecutionMode, sinks, sources } from '../../src/index.ts';
import { simulateJob } from '../../src/testing/index.ts';

/** Everything that can be seen of a run: what was written, in which epoch and subtask, when, and what it took. */
async function traceOf(seed: number, mode: ExecutionMode): Promise<unknown> {
  const sink = sinks.memory<{ key: string; n: number }>();
  const job = defineJob('trace', (builder) => {
    builder
      .source('in', sources.generator({ records: 800, splits: 3, seed: 5, create: (i) => ({ k: `k${i % 7}` }) }))
      .keyBy(({ k }) => k)
      .aggregate({ n: aggregates.count() })
      .to('out', sink);
  });
  const { status, processes, elapsedMs } = await simulateJob(job, {
    seed,
    options: {
      mode,
      parallelism: 3,
      epoch: { intervalMs: 2 },
      batch: { recordsMax: 50 },
      restart: { attemptsMax: 100 },
    },
    faults: { workerKills: 2, crashes: 2, switches: 2 },
  });
  const written = sink.stamped.map(({ record, subtask, epoch, sequence }) => [record.value, subtask, epoch, sequence]);
  return { written, epoch: status.epoch, generation: status.generation, processes, elapsedMs };
}

describe.each<ExecutionMode>(['continuous', 'microbatch', 'adaptive'])(
  'a simulated run that begins in %s mode (I7)',
  (mode) => {
    it('is the same for the same seed, faults, restarts, switches and epochs included', async () => {
      for (const seed of [1, 2, 3]) expect(await traceOf(seed, mode)).toEqual(await traceOf(seed, mode));
    });

    it('is another one for another seed', async () => {
      expect(await traceOf(1, mode)).not.toEqual(await traceOf(4, mode));
    });
  },
);

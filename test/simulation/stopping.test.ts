/** A job that is drained or closed at any moment of an epoch, in either mode, goes on from there in the other one: nothing lost or repeated. */
import { describe, expect, it } from 'vitest';
import { aggregates, defineJob, type EngineMode, sinks, sources } from '../../src/index.ts';
import { MemoryDisk, type SimulationOptions, simulateJob } from '../../src/testing/index.ts';

const RECORDS = 200;
const KEYS = 5;

/** Crash points are the names of these moments. */
const OF_BOTH_MODES: readonly string[] = [
  'generation.restored',
  'epoch.complete',
  'epoch.sealed',
  'storage.commit.after',
  'epoch.visible',
  'epoch.announced',
];
const MOMENTS: Readonly<Record<EngineMode, readonly string[]>> = {
  continuous: [...OF_BOTH_MODES, 'epoch.begun'],
  microbatch: [
    ...OF_BOTH_MODES,
    'storage.plan.before',
    'batch.planned',
    'task.begun',
    'task.processed',
    'task.claimed',
    'task.finished',
    'batch.superstep',
  ],
};
const OTHER: Readonly<Record<EngineMode, EngineMode>> = { continuous: 'microbatch', microbatch: 'continuous' };

class CountJob {
  readonly disk: MemoryDisk = new MemoryDisk();
  readonly #sink = sinks.memory<{ key: number; n: number }>();
  readonly #job = defineJob('count', (builder) => {
    builder
      .source(
        'in',
        sources.generator({ records: RECORDS, splits: 2, rate: 20_000, create: (index) => ({ key: index % KEYS }) }),
      )
      .keyBy(({ key }) => key)
      .aggregate({ n: aggregates.count() })
      .to('out', this.#sink);
  });

  run(mode: EngineMode, stopAt?: SimulationOptions['stopAt']): ReturnType<typeof simulateJob> {
    const options = { mode, parallelism: 2, workers: 2, epoch: { intervalMs: 2 }, batch: { recordsMax: 30 } };
    return simulateJob(this.#job, { seed: 1, disk: this.disk, options, stopAt });
  }

  written(): number {
    return this.#sink.records.length;
  }

  /** Each key counts 1, 2, 3, ...: a gap is a loss, a repeat a duplicate. */
  expectExactCounts(): void {
    const last = new Map<number, number>();
    for (const { key, n } of this.#sink.records) {
      expect(n).toBe((last.get(key) ?? 0) + 1);
      last.set(key, n);
    }
    expect([...last.values()]).toEqual(Array(KEYS).fill(RECORDS / KEYS));
  }
}

describe.each<EngineMode>(['continuous', 'microbatch'])('a job in %s mode', (mode) => {
  it.each(MOMENTS[mode])('that is drained at %s commits all it has read', async (point) => {
    const job = new CountJob();

    const { outcome, status } = await job.run(mode, { point, how: 'drain' });
    const written = job.written();
    const next = await job.run(OTHER[mode]);

    expect(outcome).toEqual({ kind: 'completed', stop: 'drain' });
    expect(written).toBe(status.recordsRead);
    expect(written).toBeLessThan(RECORDS);
    expect(next.outcome).toEqual({ kind: 'completed', stop: 'complete' });
    job.expectExactCounts();
  });

  it.each(MOMENTS[mode])('that is closed at %s leaves a whole number of epochs', async (point) => {
    const job = new CountJob();

    const { outcome } = await job.run(mode, { point, how: 'close' });
    const written = job.written();
    const next = await job.run(OTHER[mode]);

    expect(outcome).toEqual({ kind: 'closed' });
    expect(written).toBeLessThan(RECORDS);
    expect(next.outcome).toEqual({ kind: 'completed', stop: 'complete' });
    job.expectExactCounts();
  });
});

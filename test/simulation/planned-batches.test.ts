/**
 * A batch that was planned and not committed is run again exactly as it was planned, whatever has changed meanwhile. What the plan
 * says is read from the disk between the processes; what was read and what was written is recorded at both ends of the job.
 */
import { describe, expect, it } from 'vitest';
import { defineJob, type JobOptionsInput, sinks, sources } from '../../src/index.ts';
import type { BatchPlan } from '../../src/model/index.ts';
import { MemoryDisk, type SimulationResult, simulateJob } from '../../src/testing/index.ts';
import { diskLedger } from '../support/disk-ledger.ts';

const SPLITS = 3;
const RECORDS = 120;
const SOURCE = 'numbers';

/** Indexes of the records that a plan says to read, of the splits of the generator. */
function plannedIndexes({ ranges }: BatchPlan, from: Readonly<Record<string, unknown>>): readonly number[] {
  const indexes = Object.entries(ranges[SOURCE] ?? {}).flatMap(([split, { until, recordsMax }]) => {
    const first = Number(from[split] ?? split);
    const bounds = [Number(until ?? Number.POSITIVE_INFINITY), RECORDS, first + SPLITS * (recordsMax ?? RECORDS)];
    const end = Math.min(...bounds);
    return Array.from({ length: Math.max(0, Math.ceil((end - first) / SPLITS)) }, (_, i) => first + i * SPLITS);
  });
  return indexes.sort((a, b) => a - b);
}

/** One process: it crashes at that point, or runs to its end. */
interface Life {
  readonly crashAt?: string;
  readonly options: JobOptionsInput;
}

/** What a process found when it started. */
interface Found {
  readonly planned: BatchPlan | undefined;
  /** Indexes of the records of that plan. */
  readonly indexes: readonly number[];
}

class CrashedJob {
  readonly disk: MemoryDisk = new MemoryDisk();
  /** By process. */
  readonly found: Found[] = [];
  /** Every record that the newest process made, in the order of their making. */
  made: number[] = [];
  readonly #sink = sinks.memory<number>();
  readonly #job = defineJob('crashed', (builder) => {
    builder
      .source(SOURCE, sources.generator({ records: RECORDS, splits: SPLITS, create: (index) => this.#make(index) }))
      .keyBy((index) => index % 7)
      .map((index) => index)
      .to('out', this.#sink);
  });

  /** Two batches of 20 are committed; then come the processes. */
  async run(...lives: readonly Life[]): Promise<SimulationResult> {
    await simulateJob(this.#job, {
      seed: 1,
      disk: this.disk,
      options: { mode: 'microbatch', batch: { recordsMax: 20 } },
      until: { kind: 'records', records: 40 },
    });
    return simulateJob(this.#job, {
      seed: 2,
      disk: this.disk,
      faults: { crashAt: lives.flatMap(({ crashAt }) => crashAt ?? []) },
      optionsOf: (process) => {
        const { latest, planned } = diskLedger(this.disk);
        const from = latest?.offsets[SOURCE] ?? {};
        this.found.push({ planned, indexes: planned === undefined ? [] : plannedIndexes(planned, from) });
        this.made = [];
        return lives[process - 1]!.options;
      },
    });
  }

  writtenIn(epoch: number): readonly number[] {
    return ascending(this.#sink.stamped.filter((one) => one.epoch === epoch).map(({ record }) => record.value));
  }

  expectAllOnce(): void {
    expect(ascending(this.#sink.records)).toEqual(Array.from({ length: RECORDS }, (_, index) => index));
  }

  #make(index: number): number {
    this.made.push(index);
    return index;
  }
}

const ascending = (numbers: readonly number[]): readonly number[] => [...numbers].sort((a, b) => a - b);

/** A third batch, of 33 records, is cut short. */
const cutShortAt = (crashAt: string): Life => ({
  crashAt,
  options: { mode: 'microbatch', parallelism: 2, batch: { recordsMax: 33 } },
});

/** From the plan to the last moment before its commit. */
const BEFORE_THE_COMMIT: readonly string[] = [
  'storage.plan.after',
  'batch.planned',
  'task.begun',
  'task.processed',
  'task.claimed',
  'task.finished',
  'batch.superstep',
  'epoch.complete',
  'epoch.sealed',
  'storage.commit.before',
  'storage.commit.inside',
];

const BEHIND_THE_COMMIT: readonly string[] = ['storage.commit.after', 'epoch.committed', 'epoch.visible'];

const OTHERS: readonly (readonly [string, JobOptionsInput])[] = [
  ['with other limits', { mode: 'microbatch', batch: { recordsMax: 4 } }],
  ['at another parallelism', { mode: 'microbatch', parallelism: 4, workers: 3, batch: { recordsMax: 1000 } }],
  ['with another trigger', { mode: 'microbatch', batch: { intervalMs: 50, recordsMax: 10 } }],
  ['for what is there now', { mode: 'microbatch', batch: { trigger: 'available-now', recordsMax: 50 } }],
  ['in adaptive mode', { mode: 'adaptive', batch: { recordsMax: 11 } }],
];

describe('a batch that was planned and not committed', () => {
  describe.each(OTHERS)('is run again as planned when the job starts %s', (_name, options) => {
    it.each(BEFORE_THE_COMMIT)('after a crash at %s', async (point) => {
      const job = new CrashedJob();

      await job.run(cutShortAt(point), { options });

      const { indexes, planned } = job.found[1]!;
      expect(planned).toMatchObject({ epoch: 3, isLast: false });
      expect(indexes).toHaveLength(33);
      expect(ascending(job.made.slice(0, 33))).toEqual(indexes);
      expect(job.writtenIn(3)).toEqual(indexes);
    });
  });

  it('is followed by the rest, all of it once', async () => {
    const job = new CrashedJob();

    await job.run(cutShortAt('epoch.sealed'), { options: { mode: 'microbatch', batch: { recordsMax: 4 } } });

    expect(job.writtenIn(4)).toHaveLength(4);
    job.expectAllOnce();
  });

  it.each(BEHIND_THE_COMMIT)('is not run again when it is committed after all: crash at %s', async (point) => {
    const job = new CrashedJob();

    await job.run(cutShortAt(point), { options: { mode: 'microbatch', batch: { recordsMax: 4 } } });

    expect(job.found[1]!.planned).toBeUndefined();
    expect(job.writtenIn(3)).toHaveLength(33);
    expect(job.writtenIn(4)).toHaveLength(4);
    expect(job.made).toHaveLength(RECORDS - 20 - 20 - 33);
    job.expectAllOnce();
  });

  it('is not there when the crash comes before its plan is durable', async () => {
    const job = new CrashedJob();

    await job.run(cutShortAt('storage.plan.inside'), { options: { mode: 'microbatch', batch: { recordsMax: 4 } } });

    expect(job.found[1]!.planned).toBeUndefined();
    expect(job.writtenIn(3)).toHaveLength(4);
    job.expectAllOnce();
  });

  it('is the one batch of a job that is started for one', async () => {
    const job = new CrashedJob();

    const { outcome, status } = await job.run(cutShortAt('batch.planned'), {
      options: { mode: 'microbatch', batch: { trigger: 'once' } },
    });

    expect(outcome).toEqual({ kind: 'completed', stop: 'drain' });
    expect(ascending(job.made)).toEqual(job.found[1]!.indexes);
    expect(status.epoch).toBe(3);
  });

  it('stays the same over any number of crashes', async () => {
    const job = new CrashedJob();

    await job.run(
      cutShortAt('task.processed'),
      { crashAt: 'batch.superstep', options: { mode: 'microbatch', batch: { recordsMax: 1 } } },
      { crashAt: 'storage.commit.inside', options: { mode: 'microbatch', parallelism: 3 } },
      { options: { mode: 'microbatch', batch: { recordsMax: 2 } } },
    );

    const [, first, ...others] = job.found;
    expect(first!.indexes).toHaveLength(33);
    expect(others).toEqual([first, first]);
    expect(job.writtenIn(3)).toEqual(first!.indexes);
    job.expectAllOnce();
  });

  it('does not bind continuous mode, whose epoch takes its place for good', async () => {
    const job = new CrashedJob();

    await job.run(cutShortAt('task.finished'), { options: { mode: 'continuous' } });

    expect(job.found[1]!.planned).toMatchObject({ epoch: 3 });
    expect(diskLedger(job.disk)).toMatchObject({ latest: { isComplete: true }, planned: undefined });
    job.expectAllOnce();
  });

  it('still stands when continuous mode has ended before it committed anything', async () => {
    const job = new CrashedJob();

    await job.run(
      cutShortAt('batch.planned'),
      { crashAt: 'storage.commit.inside', options: { mode: 'continuous' } },
      { options: { mode: 'microbatch', batch: { recordsMax: 5 } } },
    );

    expect(job.found[1]!.indexes).toHaveLength(33);
    expect(job.found[2]).toEqual(job.found[1]);
    expect(job.writtenIn(3)).toEqual(job.found[1]!.indexes);
    job.expectAllOnce();
  });
});

/** When batches start, how much they read, and when a job that runs in them ends: through the whole engine, in simulated time. */
import { describe, expect, it } from 'vitest';
import { defineJob, type EngineMode, type JobOptionsInput, sinks, type Until } from '../../src/index.ts';
import {
  MemoryDisk,
  type SimulatedEpoch,
  type SimulationOptions,
  type SimulationResult,
  simulateJob,
} from '../../src/testing/index.ts';
import { slowSink } from '../support/slow-sink.ts';
import { type TimedSourceOptions, timedSource } from '../support/timed-source.ts';

interface Batch {
  readonly atMs: number;
  readonly tookMs: number;
  readonly records: number;
}

interface Run extends SimulationResult {
  readonly batches: readonly Batch[];
  /** Indexes of records by split, in the order of the sink. */
  readonly read: readonly (readonly number[])[];
}

interface Setup {
  readonly batch?: JobOptionsInput['batch'];
  readonly recordMs?: number;
  readonly epochMs?: number;
  readonly onRecord?: () => void;
  readonly rest?: Partial<SimulationOptions>;
}

async function run(source: TimedSourceOptions, { batch, recordMs, epochMs, onRecord, rest }: Setup = {}): Promise<Run> {
  const sink = sinks.memory<{ split: number; index: number }>();
  const job = defineJob('triggered', (builder) => {
    const stream = builder.source('in', timedSource(source)).map((record) => {
      onRecord?.();
      return record;
    });
    stream.to('out', sink);
    if (recordMs !== undefined || epochMs !== undefined) stream.to('slow', slowSink(recordMs ?? 0, epochMs));
  });
  const epochs: SimulatedEpoch[] = [];
  const result = await simulateJob(job, {
    seed: 1,
    options: { mode: 'microbatch', parallelism: 2, batch },
    onEpoch: (epoch) => epochs.push(epoch),
    ...rest,
  });
  let before = 0;
  const batches = epochs.map(({ beganAtMs, endedAtMs, totals }) => {
    const records = totals.recordsRead - before;
    before = totals.recordsRead;
    return { atMs: beganAtMs, tookMs: endedAtMs - beganAtMs, records };
  });
  const read = source.arrivals.map((_, split) => sink.records.flatMap((one) => (one.split === split ? one.index : [])));
  return { ...result, batches, read };
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
const allAt = (atMs: number, count: number): readonly number[] => Array.from({ length: count }, () => atMs);
const starts = (batches: readonly Batch[]): readonly (readonly number[])[] =>
  batches.map(({ atMs, records }) => [atMs, records]);

describe('as soon as possible', () => {
  it('a batch starts when there is something, and reads all of it', async () => {
    const { batches, outcome } = await run({ arrivals: [[0, 0, 0, 10, 25], [10]] });

    expect(starts(batches)).toEqual([
      [0, 3],
      [10, 2],
      [25, 1],
    ]);
    expect(outcome).toEqual({ kind: 'completed', stop: 'complete' });
  });

  it('a batch starts when the one before it ends, if there is something', async () => {
    const { batches } = await run({ arrivals: [[0, 3, 4, 5, 30]] }, { epochMs: 20 });

    expect(batches).toEqual([
      { atMs: 0, tookMs: 20, records: 1 },
      { atMs: 20, tookMs: 20, records: 3 },
      { atMs: 40, tookMs: 20, records: 1 },
    ]);
  });

  it('no batch is empty: a source that never has anything makes no epochs', async () => {
    const { status, outcome, elapsedMs } = await run(
      { arrivals: [[], []], hasEnd: false },
      { rest: { until: { kind: 'duration', durationMs: 5000 } } },
    );

    expect(outcome).toEqual({ kind: 'completed', stop: 'drain' });
    expect(elapsedMs).toBeGreaterThanOrEqual(5000);
    expect(status).toMatchObject({ epoch: 0, epochsCommitted: 0, recordsRead: 0 });
  });
});

describe('an interval', () => {
  const batch = { intervalMs: 20 };

  it('starts the first batch at once and the others at its multiples, where there is something', async () => {
    const { batches } = await run({ arrivals: [[0, 5, 7, 21, 70]] }, { batch });

    expect(starts(batches)).toEqual([
      [0, 1],
      [20, 2],
      [40, 1],
      [80, 1],
    ]);
  });

  it('that a batch overruns is followed by the next batch at once; boundaries missed are not made up', async () => {
    const { batches } = await run({ arrivals: [[0, ...allAt(5, 50), 30, 75, 76, 95]] }, { batch, recordMs: 1 });

    expect(batches).toEqual([
      { atMs: 0, tookMs: 1, records: 1 },
      { atMs: 20, tookMs: 50, records: 50 },
      { atMs: 70, tookMs: 1, records: 1 },
      { atMs: 80, tookMs: 2, records: 2 },
      { atMs: 100, tookMs: 1, records: 1 },
    ]);
  });

  it('makes no empty batch at its boundaries', async () => {
    const { status } = await run(
      { arrivals: [[0]], hasEnd: false },
      { batch, rest: { until: { kind: 'duration', durationMs: 1000 } } },
    );

    expect(status).toMatchObject({ epoch: 1, recordsRead: 1 });
  });
});

describe('what is available at the start', () => {
  const arrivals = [[...allAt(0, 10), 1, 2, 3, 500], allAt(0, 3)];
  const batch = { trigger: 'available-now', recordsMax: 4 } as const;

  it('is read in batches within the limits, and what comes later is left for the next run', async () => {
    const disk = new MemoryDisk();

    const first = await run({ arrivals }, { batch, epochMs: 5, rest: { disk } });
    const second = await run({ arrivals }, { batch: {}, epochMs: 5, rest: { disk } });

    expect(first.outcome).toEqual({ kind: 'completed', stop: 'drain' });
    expect(first.batches.map(({ records }) => records)).toEqual([4, 4, 4, 1]);
    expect(first.read).toEqual([upTo(10), upTo(3)]);
    expect(second.outcome).toEqual({ kind: 'completed', stop: 'complete' });
    expect(second.status.recordsRead).toBe(17);
  });

  it('is nothing: the job ends without an epoch', async () => {
    const { outcome, status } = await run({ arrivals: [[50]] }, { batch });

    expect(outcome).toEqual({ kind: 'completed', stop: 'drain' });
    expect(status.epoch).toBe(0);
  });

  it('is everything: the job is complete', async () => {
    const { outcome, batches } = await run({ arrivals: [allAt(0, 9)] }, { batch });

    expect(outcome).toEqual({ kind: 'completed', stop: 'complete' });
    expect(batches.map(({ records }) => records)).toEqual([4, 4, 1]);
  });

  it('stays the same when a generation ends in the middle', async () => {
    let records = 0;
    const onRecord = (): void => {
      records++;
      if (records === 6) throw new Error('the service was away');
    };

    const { outcome, read, status } = await run(
      { arrivals },
      { batch: { ...batch, attemptsMax: 1 }, epochMs: 5, onRecord },
    );

    expect(status.restarts).toBe(1);
    expect(outcome).toEqual({ kind: 'completed', stop: 'drain' });
    expect(read).toEqual([upTo(10), upTo(3)]);
  });
});

describe('once', () => {
  const batch = { trigger: 'once', recordsMax: 4 } as const;

  it('is one batch of all there is, whatever the limits, and then the end', async () => {
    const { batches, outcome } = await run({ arrivals: [[...allAt(0, 10), 40], allAt(0, 3)] }, { batch });

    expect(starts(batches)).toEqual([[0, 13]]);
    expect(outcome).toEqual({ kind: 'completed', stop: 'drain' });
  });

  it('is no batch where there is nothing', async () => {
    const { batches, outcome } = await run({ arrivals: [[]], hasEnd: false }, { batch });

    expect(batches).toEqual([]);
    expect(outcome).toEqual({ kind: 'completed', stop: 'drain' });
  });
});

describe('the limits of a batch', () => {
  it.each([1, 2, 7, 100])('are exact in records: %i of several splits', async (recordsMax) => {
    const arrivals = [allAt(0, 5), allAt(0, 50), allAt(0, 20)];

    const { batches, read } = await run({ arrivals }, { batch: { recordsMax } });

    const full = Math.floor(75 / recordsMax);
    expect(batches.slice(0, full).map(({ records }) => records)).toEqual(Array(full).fill(recordsMax));
    expect(batches).toHaveLength(Math.ceil(75 / recordsMax));
    expect(read).toEqual([upTo(5), upTo(50), upTo(20)]);
  });

  it('are exact in records also where a source does not know how many it has', async () => {
    const { batches, read } = await run(
      { arrivals: [allAt(0, 30), allAt(0, 4)], knowsRecords: false },
      { batch: { recordsMax: 10 } },
    );

    expect(Math.max(...batches.map(({ records }) => records))).toBe(10);
    expect(read).toEqual([upTo(30), upTo(4)]);
  });

  it('hold in bytes', async () => {
    const { batches, read } = await run(
      { arrivals: [allAt(0, 30), allAt(0, 4)], recordBytes: 100 },
      { batch: { bytesMax: 1000 } },
    );

    expect(batches.map(({ records }) => records)).toEqual([10, 10, 10, 4]);
    expect(read).toEqual([upTo(30), upTo(4)]);
  });

  it('admit one record that is larger than they are', async () => {
    const { batches } = await run({ arrivals: [allAt(0, 3)], recordBytes: 5000 }, { batch: { bytesMax: 1000 } });

    // Where a batch was cut, only the next survey can tell that nothing is left.
    expect(batches.map(({ records }) => records)).toEqual([1, 1, 1, 0]);
  });
});

describe('rate control', () => {
  it('settles on batches that take their interval, and keeps the job going under a backlog', async () => {
    const { batches, status } = await run(
      { arrivals: [allAt(0, 4000)] },
      { batch: { intervalMs: 100, rateControl: 'pid', recordsMax: 500 }, recordMs: 2 },
    );

    // Until the rate is known the limit of the job holds.
    expect(batches[0]).toMatchObject({ records: 500, tookMs: 1000 });
    const settled = batches.slice(-12, -1);
    for (const { records, tookMs } of settled) {
      expect(tookMs).toBeLessThanOrEqual(100);
      expect(records).toBeGreaterThanOrEqual(40);
    }
    expect(status).toMatchObject({ recordsRead: 4000 });
  });
});

describe('until', () => {
  it('idle: a job in batches ends when all there is has been read', async () => {
    const { outcome, read, status } = await run(
      { arrivals: [[0, 0, 0, 0, 0, 60_000], allAt(0, 3)], hasEnd: false },
      { batch: { recordsMax: 4 }, rest: { until: { kind: 'idle' } } },
    );

    expect(outcome).toEqual({ kind: 'completed', stop: 'drain' });
    expect(read).toEqual([upTo(5), upTo(3)]);
    expect(status.epoch).toBe(2);
  });

  it('a number of records: it ends behind the batch that reaches it', async () => {
    const { outcome, status } = await run(
      { arrivals: [allAt(0, 100)] },
      { batch: { recordsMax: 8 }, rest: { until: { kind: 'records', records: 20 } } },
    );

    expect(outcome).toEqual({ kind: 'completed', stop: 'drain' });
    expect(status).toMatchObject({ recordsRead: 24, epoch: 3 });
  });

  it('some time: it ends then, behind the batch in flight', async () => {
    const { outcome, batches, elapsedMs } = await run(
      { arrivals: [upTo(1000)] },
      { epochMs: 90, rest: { until: { kind: 'duration', durationMs: 400 } } },
    );

    expect(outcome).toEqual({ kind: 'completed', stop: 'drain' });
    expect(elapsedMs).toBeLessThan(400 + 200 + 90);
    expect(batches.length).toBeGreaterThanOrEqual(4);
    for (const { tookMs } of batches) expect(tookMs).toBe(90);
  });
});

describe.each<EngineMode>(['continuous', 'microbatch'])('a job in %s mode that stops by itself', (mode) => {
  /** What is there at the start, then nothing for a while, then a record every 20 ms. */
  const arrivals = [[...allAt(0, 60), ...upTo(100).map((index) => 400 + 20 * index)]];

  it.each<[Until, (read: number, elapsedMs: number) => boolean]>([
    [{ kind: 'idle' }, (read) => read === 60],
    [{ kind: 'records', records: 70 }, (read) => read >= 70 && read < 160],
    [{ kind: 'duration', durationMs: 500 }, (read, elapsedMs) => elapsedMs >= 500 && read >= 60 + 5 && read < 160],
  ])('has committed all it has read, and a later run reads the rest: %o', async (until, isRight) => {
    const disk = new MemoryDisk();
    const options = { mode, epoch: { intervalMs: 30 }, batch: { recordsMax: 40 } };

    const first = await run({ arrivals }, { rest: { disk, options, until } });
    const second = await run({ arrivals }, { rest: { disk, options } });

    expect(first.outcome).toEqual({ kind: 'completed', stop: 'drain' });
    expect(first.read).toEqual([upTo(first.status.recordsRead)]);
    expect(isRight(first.status.recordsRead, first.elapsedMs)).toBe(true);
    expect(second.outcome).toEqual({ kind: 'completed', stop: 'complete' });
    expect(second.read).toEqual([upTo(160).slice(first.status.recordsRead)]);
  });
});

describe('empty input', () => {
  it.each<JobOptionsInput['batch']>([{}, { intervalMs: 20 }, { trigger: 'available-now' }, { trigger: 'once' }])(
    'is complete with one epoch that says so, and a second start makes no other: %o',
    async (batch) => {
      const disk = new MemoryDisk();

      const first = await run({ arrivals: [[], []] }, { batch, rest: { disk } });
      const second = await run({ arrivals: [[], []] }, { batch, rest: { disk } });

      expect(first.outcome).toEqual({ kind: 'completed', stop: 'complete' });
      expect(first.status.epoch).toBe(1);
      expect(second.outcome).toEqual({ kind: 'completed', stop: 'complete' });
      expect(second.status).toMatchObject({ epoch: 1, epochsCommitted: 0 });
    },
  );
});

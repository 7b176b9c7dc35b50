/** What an epoch carries besides records that went well, and what it rests on: the same in both modes, and whatever dies. */
import { afterAll, describe, expect, it } from 'vitest';
import { aggregates, defineJob, type EngineMode, records, sinks, sources } from '../../src/index.ts';
import { MemoryDisk, simulateJob } from '../../src/testing/index.ts';
import { diskLedger } from '../support/disk-ledger.ts';
import { timedSource } from '../support/timed-source.ts';

const MODES: readonly EngineMode[] = ['continuous', 'microbatch'];
const OTHER: Readonly<Record<EngineMode, EngineMode>> = { continuous: 'microbatch', microbatch: 'continuous' };
const SEEDS: readonly number[] = [1, 2, 3, 4, 5, 6];

const FAULTS = { workerKills: 2, crashes: 3, switches: 1 };
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
const ascending = (numbers: readonly number[]): readonly number[] => [...numbers].sort((a, b) => a - b);

describe.each(MODES)('records that are refused, in %s mode', (mode) => {
  const arrivals = [upTo(40), upTo(25)];
  const isRefused = (index: number): boolean => index % 7 === 3;
  const refused = arrivals.flat().filter(isRefused).length;

  const run = async (refusal: 'skip' | 'dead-letter', seed: number) => {
    const sink = sinks.memory<{ split: number; index: number }>();
    const job = defineJob('refusing', (builder) => {
      builder.source('in', timedSource({ arrivals, isRefused, refusal })).to('out', sink);
    });
    const { disk, status } = await simulateJob(job, {
      seed,
      options: { mode, parallelism: 2, workers: 2, epoch: { intervalMs: 5 }, batch: { recordsMax: 9 } },
      faults: FAULTS,
    });
    return { status, written: sink.records, letters: diskLedger(disk).deadLetters };
  };

  it.each(SEEDS)('are filed once each, with their place, seed %i', async (seed) => {
    const { letters, status, written } = await run('dead-letter', seed);

    const places = letters.map(({ split, offset }) => `${split}/${offset}`).sort();
    const expected = arrivals.flatMap((split, of) => split.filter(isRefused).map((index) => `${of}/${index}`)).sort();
    expect(places).toEqual(expected);
    expect(status).toMatchObject({ deadLetters: refused, recordsSkipped: 0 });
    expect(written).toHaveLength(65 - refused);
  });

  it.each(SEEDS)('are counted once each where they are skipped, seed %i', async (seed) => {
    const { letters, status, written } = await run('skip', seed);

    expect(letters).toEqual([]);
    expect(status).toMatchObject({ deadLetters: 0, recordsSkipped: refused });
    expect(written).toHaveLength(65 - refused);
  });
});

describe.each(MODES)('exchanges, in %s mode', (mode) => {
  const options = { mode, parallelism: 3, workers: 2, batch: { recordsMax: 20 } };

  it('broadcast every record to every subtask, once', async () => {
    const sink = sinks.memory<number>();
    const job = defineJob('broadcast', (builder) => {
      builder
        .source('in', sources.memory(upTo(50)))
        .broadcast()
        .to('out', sink);
    });

    await simulateJob(job, { seed: 1, options, faults: FAULTS });

    for (const subtask of [0, 1, 2]) {
      const got = sink.stamped.filter((one) => one.subtask === subtask).map(({ record }) => record.value);
      expect(ascending(got)).toEqual(upTo(50));
    }
  });

  it('rebalance evenly', async () => {
    const sink = sinks.memory<number>();
    const job = defineJob('rebalance', (builder) => {
      builder
        .source('in', sources.memory(upTo(60)))
        .rebalance()
        .to('out', sink);
    });

    await simulateJob(job, { seed: 1, options });

    expect([0, 1, 2].map((subtask) => sink.stamped.filter((one) => one.subtask === subtask).length)).toEqual([
      20, 20, 20,
    ]);
    expect(ascending(sink.records)).toEqual(upTo(60));
  });

  it('keep a subtask its own where streams of one parallelism are merged, and a split its order', async () => {
    const sink = sinks.memory<{ from: number; index: number }>();
    const job = defineJob('forward', (builder) => {
      const rowsOf = (from: number) => sources.memory(upTo(40).map((index) => ({ from, index })));
      builder
        .source('a', rowsOf(0))
        .merge(builder.source('b', rowsOf(1)))
        .to('out', sink);
    });

    await simulateJob(job, { seed: 1, options, faults: FAULTS });

    // Each source has one split, read by its subtask 0.
    expect(new Set(sink.stamped.map(({ subtask }) => subtask))).toEqual(new Set([0]));
    for (const from of [0, 1]) {
      expect(sink.records.flatMap((row) => (row.from === from ? row.index : []))).toEqual(upTo(40));
    }
  });

  it('bring side outputs to their own sinks', async () => {
    const sink = { even: sinks.memory<number>(), odd: sinks.memory<number>() };
    const job = defineJob('sides', (builder) => {
      const main = builder
        .source('in', sources.memory(upTo(50)))
        .keyBy((n) => n % 5)
        .process({
          emits: records<number>(),
          sides: { odd: records<number>() },
          process: (n, { emit, emitTo }) => (n % 2 === 0 ? emit(n) : emitTo('odd', n)),
        });
      main.to('even', sink.even);
      main.side('odd').to('odd', sink.odd);
    });

    await simulateJob(job, { seed: 1, options, faults: FAULTS });

    expect(ascending(sink.even.records)).toEqual(upTo(50).filter((n) => n % 2 === 0));
    expect(ascending(sink.odd.records)).toEqual(upTo(50).filter((n) => n % 2 === 1));
  });
});

describe.each(MODES)('a job that is complete in %s mode', (mode) => {
  it.each([mode, OTHER[mode]])('has nothing to do when it is started again in %s mode', async (second) => {
    const sink = sinks.memory<number>();
    const job = defineJob('complete', (builder) => {
      builder
        .source('in', sources.memory(upTo(30)))
        .rebalance()
        .to('out', sink);
    });
    const first = await simulateJob(job, { seed: 1, options: { mode, batch: { recordsMax: 10 } } });

    const again = await simulateJob(job, { seed: 2, disk: first.disk, options: { mode: second } });

    expect(again.outcome).toEqual({ kind: 'completed', stop: 'complete' });
    expect(again.status).toMatchObject({ recordsReadByRun: 0, recordsRead: 30 });
    // Continuous mode ends with an epoch, whatever it found; its epochs follow the clock.
    if (second === 'microbatch') expect(again.status).toMatchObject({ epoch: first.status.epoch, epochsCommitted: 0 });
    expect(ascending(sink.records)).toEqual(upTo(30));
  });
});

describe.each(MODES)('state that is larger than its cache, in %s mode', (mode) => {
  let lost = 0;
  afterAll(() => {
    // Whose subtask was on such a thread has gone on elsewhere.
    expect(lost).toBeGreaterThan(SEEDS.length);
  });

  it.each(SEEDS)(
    'counts every key exactly, also where its subtask goes on in another thread, seed %i',
    async (seed) => {
      const KEYS = 400;
      const sink = sinks.memory<{ key: number; n: number }>();
      const job = defineJob('large', (builder) => {
        builder
          .source(
            'in',
            sources.generator({ records: 2400, splits: 2, create: (index) => ({ key: (index * 7) % KEYS }) }),
          )
          .keyBy(({ key }) => key)
          .aggregate({ n: aggregates.count() })
          .to('out', sink);
      });

      // More subtasks than threads, of which one dies now and then.
      const { status } = await simulateJob(job, {
        seed,
        cacheBytes: 4096,
        options: {
          mode,
          parallelism: 4,
          workers: 2,
          batch: { recordsMax: 150, minWorkers: 1, maxWorkers: 3 },
          state: { foldEveryEpochs: 2 },
          restart: { attemptsMax: 1000 },
        },
        faults: { workerKills: 5, stalls: 3 },
      });

      lost += status.restarts + (status.batch?.lostThreads ?? 0);
      const last = new Map<number, number>();
      for (const { key, n } of sink.records) {
        expect(n).toBe((last.get(key) ?? 0) + 1);
        last.set(key, n);
      }
      expect(last.size).toBe(KEYS);
      expect(new Set(last.values())).toEqual(new Set([6]));
    },
  );
});

describe('deltas that are not yet folded', () => {
  /** The most epochs that were not folded when another one committed. */
  const mostUnfolded = async (unfoldedBytesMax: number): Promise<number> => {
    const disk = new MemoryDisk();
    let most = 0;
    const job = defineJob('folding', (builder) => {
      builder
        .source('in', sources.generator({ records: 2000, create: (index) => ({ key: index }) }))
        .keyBy(({ key }) => key)
        .aggregate({ n: aggregates.count() })
        .to('out', sinks.discard());
    });
    await simulateJob(job, {
      seed: 1,
      disk,
      options: { mode: 'microbatch', state: { foldEveryEpochs: 2, unfoldedBytesMax }, batch: { recordsMax: 50 } },
      onEpoch: ({ epoch }) => {
        most = Math.max(most, epoch - diskLedger(disk).foldedThrough);
      },
    });
    return most;
  };

  it('hold back the next batch above their bound, and let it go where only retention keeps them (I8)', async () => {
    const unbounded = await mostUnfolded(1e9);
    const bounded = await mostUnfolded(1);

    // Batches that follow each other at once leave no time to fold.
    expect(unbounded).toBeGreaterThan(10);
    // One that is kept, those that are folded together, and the one that has just been committed.
    expect(bounded).toBeLessThanOrEqual(4);
  });
});

describe('a task that is run twice at a time', () => {
  it.each(SEEDS)('writes once to immediate sinks, to committed ones and to its state, seed %i', async (seed) => {
    const sink = { seen: sinks.memory<{ key: number; n: number }>({ delivery: 'immediate' }), out: sinks.memory() };
    const job = defineJob('twice', (builder) => {
      const counts = builder
        .source('in', sources.generator({ records: 600, splits: 4, create: (index) => ({ key: index % 40 }) }))
        .keyBy(({ key }) => key)
        .aggregate({ n: aggregates.count() });
      counts.to('seen', sink.seen);
      counts.to('out', sink.out);
    });

    const { status } = await simulateJob(job, {
      seed,
      options: { mode: 'microbatch', parallelism: 4, batch: { recordsMax: 60, minWorkers: 5, maxWorkers: 5 } },
      faults: { stalls: 12 },
    });

    expect(status.batch!.speculations).toBeGreaterThan(0);
    expect(status).toMatchObject({ restarts: 0, recordsRead: 600 });
    expect(sink.seen.records).toHaveLength(600);
    expect(sink.seen.records).toEqual(expect.arrayContaining([...sink.out.records]));
    expect(sink.out.records).toHaveLength(600);
  });
});

/** What a job knows of time, and where it stood in it, is the same behind a restart. */
import { describe, expect, it } from 'vitest';
import { aggregates, defineJob, type EngineMode, records, sinks, sources, windows } from '../../src/index.ts';
import { MemoryDisk, simulateJob } from '../../src/testing/index.ts';
import { diskLedger } from '../support/disk-ledger.ts';
import { type TimedRecord, timedSource } from '../support/timed-source.ts';

const SECOND = 1000;
const everySecond = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i * SECOND);
const until = (seconds: number) => ({ kind: 'duration' as const, durationMs: seconds * SECOND });
const NEVER_IDLE = { idleTimeoutMs: Number.POSITIVE_INFINITY };
const WINDOW = windows.tumbling({ sizeMs: 5 * SECOND });

describe.each<EngineMode>(['continuous', 'microbatch'])('behind a restart in %s mode', (mode) => {
  const options = { mode, parallelism: 2, workers: 2, epoch: { intervalMs: 500 } };

  it('a split that was ahead and says nothing more does not hold the others back', async () => {
    const sink = sinks.memory<{ windowStart: number }>();
    const job = defineJob('ahead', (builder) => {
      builder
        .source('in', timedSource({ arrivals: [everySecond(20), [0]], hasEnd: false }))
        .withEventTime(({ split, index }: TimedRecord) => (split === 1 ? 60 : index) * SECOND, NEVER_IDLE)
        .keyBy(() => 'all')
        .window(WINDOW)
        .aggregate({ records: aggregates.count() })
        .to('out', sink);
    });

    const { disk } = await simulateJob(job, { seed: 1, options, until: until(7) });
    const before = sink.records.map(({ windowStart }) => windowStart);
    await simulateJob(job, { seed: 2, disk, options, until: until(25) });

    expect(before).toEqual([0]);
    expect(sink.records.map(({ windowStart }) => windowStart)).toEqual([0, 5000, 10_000]);
  });

  it('an operator that was ahead and hears nothing more does not hold back what is behind it', async () => {
    const sink = sinks.memory<{ windowStart: number; records: number }>();
    const job = defineJob('announced', (builder) => {
      const counted = builder
        .source('ahead', timedSource({ arrivals: [[0, 0]], hasEnd: false }))
        .withEventTime(({ index }: TimedRecord) => index * 60 * SECOND, NEVER_IDLE)
        .keyBy(({ index }) => index)
        .window(WINDOW)
        .aggregate({ records: aggregates.count() })
        .map(({ records }) => records);
      builder
        .source('slow', timedSource({ arrivals: [everySecond(20)], hasEnd: false }))
        .withEventTime(({ index }: TimedRecord) => index * SECOND, NEVER_IDLE)
        .map(() => 1)
        .merge(counted)
        .keyBy(() => 'all')
        .window(WINDOW)
        .aggregate({ records: aggregates.sum((count: number) => count) })
        .to('out', sink);
    });

    const { disk } = await simulateJob(job, { seed: 1, options, until: until(7) });
    const before = sink.records.map(({ windowStart, records }) => [windowStart, records]);
    await simulateJob(job, { seed: 2, disk, options, until: until(25) });

    expect(before).toEqual([[0, 6]]);
    expect(sink.records.map(({ windowStart, records }) => [windowStart, records])).toEqual([
      [0, 6],
      [5000, 5],
      [10_000, 5],
    ]);
  });
});

describe.each<readonly [EngineMode, EngineMode]>([
  ['continuous', 'continuous'],
  ['microbatch', 'microbatch'],
  ['continuous', 'microbatch'],
  ['microbatch', 'continuous'],
])('the wall clock of operators, in %s mode and then in %s mode', (first, second) => {
  it('does not run backwards where it was set back before a restart: it stands still until it has caught up', async () => {
    const sink = sinks.memory<number>();
    const fired = sinks.memory<number>();
    const jobOf = (arrivals: readonly number[]) =>
      defineJob('set-back', (builder) => {
        const rows = builder
          .source('in', timedSource({ arrivals: [arrivals], hasEnd: false }))
          .keyBy(() => 'all')
          .process({
            emits: records<number>(),
            sides: { fired: records<number>() },
            process: (_record, { emit, now, processingTimers }) => {
              emit(now);
              processingTimers.set('soon', now + 1500);
            },
            onTimer: ({ at }, { emitTo, now }) => emitTo('fired', now - at),
          });
        rows.to('out', sink);
        rows.side('fired').to('fired', fired);
      });
    const options = { epoch: { intervalMs: 500 } };

    // The wall clock of a simulated process begins where that of the one before began.
    const { disk } = await simulateJob(jobOf(everySecond(6)), {
      seed: 1,
      options: { ...options, mode: first },
      until: until(5.2),
    });
    const before = sink.records.at(-1)!;
    const seen = sink.records.length;
    const arrivals = [...everySecond(6).map(() => 0), ...everySecond(10)];
    await simulateJob(jobOf(arrivals), { seed: 2, disk, options: { ...options, mode: second }, until: until(12) });

    const clock = sink.records;
    expect(clock.length).toBeGreaterThan(seen);
    expect(clock).toEqual([...clock].sort((a, b) => a - b));
    expect(clock[seen]).toBeGreaterThanOrEqual(before);
    expect(clock.at(-1)! - before).toBeGreaterThan(3 * SECOND);
    expect(fired.records.every((late) => late >= 0)).toBe(true);
  });
});

describe('a batch that runs again behind a crash', () => {
  it.each(['batch.planned', 'task.processed', 'epoch.sealed', 'storage.commit.inside'])(
    'has the wall clock of its plan: crash at %s',
    async (crashAt) => {
      const disk = new MemoryDisk();
      const sink = sinks.memory<{ index: number; now: number }>();
      const job = defineJob('replayed', (builder) => {
        builder
          .source('in', sources.generator({ records: 60, create: (index) => index }))
          .keyBy((index) => index % 3)
          .process({
            emits: records<{ index: number; now: number }>(),
            process: (index, { emit, now }) => emit({ index, now }),
          })
          .to('out', sink);
      });
      const options = { mode: 'microbatch', batch: { recordsMax: 20 } } as const;
      await simulateJob(job, { seed: 1, disk, options, until: { kind: 'records', records: 20 } });
      const plannedAt: (number | undefined)[] = [];

      await simulateJob(job, {
        seed: 2,
        disk,
        roundMs: 1,
        faults: { crashAt: [crashAt] },
        optionsOf: () => {
          plannedAt.push(diskLedger(disk).planned?.plannedAt);
          return { ...options, batch: { recordsMax: 3 } };
        },
      });

      expect(plannedAt).toEqual([undefined, expect.any(Number)]);
      const again = sink.stamped.filter(({ epoch }) => epoch === 2).map(({ record }) => record.value.now);
      expect(again.length).toBeGreaterThan(0);
      expect(new Set(again)).toEqual(new Set([plannedAt[1]]));
    },
  );
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sinks, sources } from '../../src/connectors/index.ts';
import { records, states } from '../../src/operators/index.ts';
import { defineJob, type Stream } from '../../src/plan/index.ts';
import { type TestJobOptions, testJob } from '../../src/testing/test-job.ts';
import { testJobFile } from '../../src/testing/test-job-file.ts';
import { testOperator } from '../../src/testing/test-operator.ts';

interface Reading {
  readonly sensor: string;
  readonly at: number;
}

const byFields = ({ sensor }: Reading): string => sensor;

const BOTH: readonly TestJobOptions[] = (['continuous', 'microbatch'] as const).flatMap((mode) =>
  [false, true].map((restoreEachStep) => ({ mode, restoreEachStep })),
);

/** Says of each sensor that it has been silent for five seconds of the wall clock. */
const watchdog = defineJob('watchdog', (job) => {
  job
    .source('readings', sources.memory<Reading>([]))
    .keyBy(byFields)
    .process({
      states: { heard: states.value<number>({ ttlMs: 60_000 }) },
      emits: records<string>(),
      process(_reading, context) {
        context.states.heard.set((context.states.heard.get() ?? 0) + 1);
        context.processingTimers.set('silent', context.now + 5_000);
      },
      onTimer({ at }, context) {
        context.emit(`${context.key} silent ${at - 1_000_000}, heard ${context.states.heard.get()}`);
      },
    })
    .named('watch')
    .to('alarms', sinks.memory());
});

describe.each(BOTH)('a driven job, $mode, restored $restoreEachStep', (options) => {
  it('fires timers of the wall clock at their times, and forgets what has outlived its time', () => {
    const job = testJob(watchdog, { ...options, startedAt: 1_000_000 });
    const readings = job.source<Reading>('readings');

    readings.add({ sensor: 'a', at: 0 });
    job.advanceTime(3_000);
    readings.add({ sensor: 'a', at: 0 });
    readings.add({ sensor: 'b', at: 0 });
    job.advanceTime(4_999);
    expect(job.sink('alarms').take()).toEqual([]);
    expect(job.timers('watch')).toEqual([
      { domain: 'processing', key: 'a', at: 1_008_000, name: 'silent' },
      { domain: 'processing', key: 'b', at: 1_008_000, name: 'silent' },
    ]);
    job.advanceTime(1);
    expect([...job.sink('alarms').take()].sort()).toEqual(['a silent 8000, heard 2', 'b silent 8000, heard 1']);
    expect(job.state('watch', 'a')).toMatchObject({ heard: 2 });
    job.advanceTime(60_000);
    expect(job.state('watch', 'a')).not.toHaveProperty('heard');
    job.close();
  });

  it('merges the watermarks of splits by minimum, and lets silent ones be overtaken', () => {
    const job = testJob(
      defineJob('splits', (builder) => {
        builder
          .source('readings', sources.memory<Reading>([]))
          .withEventTime(({ at }) => at, { idleTimeoutMs: 1_000 })
          .keyBy(byFields)
          .process({
            emits: records<string>(),
            process(_reading, context) {
              context.timers.set('due', context.timestamp);
            },
            onTimer({ at }, context) {
              context.emit(`${context.key} ${at}`);
            },
          })
          .to('out', sinks.memory());
      }),
      { ...options, splits: { readings: 2 } },
    );
    const readings = job.source<Reading>('readings');
    const out = job.sink('out');

    readings.add({ sensor: 'a', at: 10 }, { split: 0 });
    readings.add({ sensor: 'b', at: 20 }, { split: 0 });
    expect(out.take()).toEqual([]);
    readings.add({ sensor: 'c', at: 12 }, { split: 1 });
    expect(out.take()).toEqual(['a 10', 'c 12']);
    job.advanceTime(500);
    readings.add({ sensor: 'd', at: 30 }, { split: 0 });
    expect(out.take()).toEqual([]);
    // Of splits whose job was restarted silence begins anew.
    job.advanceTime(1_000);
    expect(out.take()).toEqual(['b 20', 'd 30']);
    expect(() => readings.add({ sensor: 'a', at: 1 }, { split: 2 })).toThrow('no split 2; it has 2');
    job.close();
  });

  it('asks again for what was under way when it was killed', async () => {
    const asked: number[] = [];
    const job = testJob(
      defineJob('enrich', (builder) => {
        builder
          .source('in', sources.memory<number>([]))
          .asyncMap(
            async (value) => {
              asked.push(value);
              await Promise.resolve();
              if (value === 13) throw new Error('unlucky');
              return value * 10;
            },
            { attempts: 2, backoffMs: 100, onFailure: 'side' },
          )
          .named('lookup')
          .to('out', sinks.memory());
      }),
      options,
    );

    job.source<number>('in').addAll([1, 2]);
    await job.settle();
    expect(job.sink('out').committed()).toEqual([10, 20]);
    job.source<number>('in').add(3);
    job.restart();
    await job.settle();
    expect(job.sink('out').committed()).toEqual([10, 20, 30]);
    expect(asked).toEqual(expect.arrayContaining([1, 2, 3]));
    job.close();
  });

  it('reads a table that ends before what is joined with it', () => {
    const job = testJob(
      defineJob('names', (builder) => {
        const airports = builder.source('airports', sources.memory<{ code: string; name: string }>([]));
        builder
          .source('flights', sources.memory<string>([]))
          .joinBroadcast(airports, {
            type: 'left',
            leftKey: (code) => code,
            rightKey: ({ code }) => code,
            select: (code, airport) => `${code} is ${airport?.name ?? 'unknown'}`,
          })
          .to('out', sinks.memory());
      }),
      options,
    );

    job.source('flights').add('HAM').source('flights').add('XXX');
    job.source('airports').add({ code: 'HAM', name: 'Hamburg' });
    expect(job.sink('out').take()).toEqual([]);
    job.source('airports').end();
    expect(job.sink('out').take()).toEqual(['HAM is Hamburg', 'XXX is unknown']);
    job.end();
    job.close();
  });
});

describe('a driven job restored behind every step', () => {
  /** Counts in a field of its own what belongs into a state. */
  const careless = defineJob('careless', (job) => {
    job
      .source('readings', sources.memory<Reading>([]))
      .keyBy(byFields)
      .process(() => {
        let count = 0;
        return {
          emits: records<number>(),
          process(_reading: Reading, context: { emit(count: number): void }) {
            context.emit(++count);
          },
        };
      })
      .to('counts', sinks.memory());
  });

  it.each(['continuous', 'microbatch'] as const)('finds state in a field, %s', (mode) => {
    const counts = (restoreEachStep: boolean) => {
      const job = testJob(careless, { mode, restoreEachStep });
      for (let at = 0; at < 3; at++) job.source('readings').add({ sensor: 'a', at });
      return job.sink('counts').rows();
    };

    expect(counts(false)).toEqual([1, 2, 3]);
    expect(counts(true)).toEqual([1, 1, 1]);
  });
});

describe('a driven job of a file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-testing-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it.each(['continuous', 'microbatch'] as const)('takes JSON with expressions, and opens no file, %s', async (mode) => {
    const path = join(directory, 'hourly.json');
    const file = {
      name: 'hourly',
      parallelism: 2,
      sources: {
        flights: { type: 'file', path: 'missing.jsonl', eventTime: { field: 'date', outOfOrderMs: 0 } },
      },
      transforms: {
        late: { type: 'filter', inputs: ['flights'], where: 'record.delay > 15' },
        hourly: {
          type: 'aggregate',
          inputs: ['late'],
          key: 'record.origin',
          window: { type: 'tumbling', sizeMs: 3_600_000 },
          values: { flights: 'count()' },
        },
      },
      sinks: { out: { type: 'file', inputs: ['hourly'], path: 'hourly.jsonl' } },
    };
    writeFileSync(path, JSON.stringify(file));

    const job = await testJobFile(path, { mode });
    const flight = (date: string, delay: number) => job.source('flights').add({ origin: 'HAM', date, delay });
    flight('2026-01-01T10:00:00Z', 20);
    flight('2026-01-01T10:30:00Z', 16);
    flight('2026-01-01T10:40:00Z', 3);
    expect(job.sink('out').rows()).toEqual([]);
    flight('2026-01-01T11:00:00Z', 20);
    const windowStart = Date.UTC(2026, 0, 1, 10);
    expect(job.sink('out').rows()).toEqual([
      { key: 'HAM', windowStart, windowEnd: windowStart + 3_600_000, flights: 2 },
    ]);
    job.close();
  });
});

describe('an asynchronous operator, driven alone', () => {
  it('settles when told, retries by the clock of the test, and is asked again behind a restore', async () => {
    let failures = 2;
    const asked: number[] = [];
    const driver = testOperator((values: Stream<number>) =>
      values.asyncMap(
        async (value) => {
          asked.push(value);
          if (failures-- > 0) throw new Error('busy');
          return `got ${value}`;
        },
        { attempts: 3, backoffMs: 100 },
      ),
    );

    driver.add(7).advanceWatermark(50);
    await driver.settle();
    expect(driver.take()).toEqual([]);
    expect(driver.outputWatermark()).toBe(Number.NEGATIVE_INFINITY);
    driver.advanceTime(100);
    await driver.settle();
    driver.advanceTime(200);
    await driver.settle();
    expect(driver.take()).toEqual(['got 7']);
    expect(driver.outputWatermark()).toBe(50);
    expect(asked).toEqual([7, 7, 7]);

    driver.add(8).restore();
    await driver.settle();
    expect(driver.take()).toEqual(['got 8']);
    expect(driver.pending()).toBe(0);
  });
});

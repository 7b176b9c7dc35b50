import { describe, expect, it } from 'vitest';
import { sinks, sources } from '../../src/connectors/index.ts';
import { aggregates, windows } from '../../src/operators/index.ts';
import { defineJob, type KeyedStream, type Stream } from '../../src/plan/index.ts';
import { type TestJobOptions, testJob } from '../../src/testing/test-job.ts';
import { testOperator } from '../../src/testing/test-operator.ts';

interface Flight {
  readonly origin: string;
  readonly at: number;
}

const HOUR = 3_600_000;

/** Per hour and airport, and of those the busiest per day: one window behind another. */
const busiest = defineJob('busiest', (job) => {
  const hourly = job
    .source('flights', sources.file<Flight>({ path: 'never-opened.jsonl' }))
    .withEventTime(({ at }) => at, { outOfOrderMs: 1_000, idleTimeoutMs: 60_000 })
    .keyBy(({ origin }) => origin)
    .window(windows.tumbling({ sizeMs: HOUR }))
    .aggregate({ flights: aggregates.count() })
    .named('hourly');
  hourly.side('late').to('late', sinks.file({ path: 'never-written.jsonl' }));
  hourly
    .keyBy(() => 'all')
    .window(windows.tumbling({ sizeMs: 24 * HOUR }))
    .aggregate({ most: aggregates.max(({ flights }) => flights) })
    .named('daily')
    .to('days', sinks.memory());
});

const VARIANTS: readonly TestJobOptions[] = (['continuous', 'microbatch'] as const).flatMap((mode) =>
  [1, 2].flatMap((parallelism) =>
    [false, true].map((restoreEachStep) => ({ mode, restoreEachStep, options: { parallelism } })),
  ),
);

describe.each(VARIANTS)('windows, $mode, parallelism $options.parallelism, restored $restoreEachStep', (options) => {
  it('closes one window behind another, and accounts for what came too late', () => {
    const job = testJob(busiest, options);
    const flights = job.source<Flight>('flights');
    const flight = (origin: string, at: number) => flights.add({ origin, at });

    flight('HAM', 10);
    flight('HAM', HOUR - 1);
    flight('JFK', 2 * HOUR + 5);
    flight('HAM', 2 * HOUR + 1_000);
    expect(job.sink('days').take()).toEqual([]);
    // Behind the watermark of its hour.
    flight('HAM', 11);
    expect(job.late('hourly')).toBe(1);
    expect(job.sink('late').rows()).toEqual([{ origin: 'HAM', at: 11 }]);

    flights.advanceWatermark(24 * HOUR);
    expect(job.sink('days').take()).toEqual([{ key: 'all', windowStart: 0, windowEnd: 24 * HOUR, most: 2 }]);
    expect(job.timers('hourly')).toEqual([]);
    expect(job.timers('daily')).toEqual([]);

    flight('HAM', 25 * HOUR);
    job.end();
    expect(job.sink('days').rows()).toHaveLength(2);
    job.close();
  });
});

describe('a window, driven alone', () => {
  const hourly = (flights: Stream<Flight>) =>
    flights
      .keyBy(({ origin }) => origin)
      .window(windows.tumbling({ sizeMs: HOUR }))
      .aggregate({ flights: aggregates.count() });

  it.each([false, true])('gives results, late records and watermarks, restored %s', (restoreEachStep) => {
    const driver = testOperator(hourly, { restoreEachStep });
    const ham = { origin: 'HAM', at: 0 };

    driver.add(ham, { at: 5 }).add(ham, { at: HOUR }).advanceWatermark(HOUR);
    expect(driver.take()).toEqual([{ key: 'HAM', windowStart: 0, windowEnd: HOUR, flights: 1 }]);
    expect(driver.records()[0]!.timestamp).toBe(HOUR - 1);
    expect(driver.outputWatermark()).toBe(HOUR);

    driver.add(ham, { at: HOUR - 1 });
    expect(driver.late()).toEqual([ham]);
    expect(driver.lateCount()).toBe(1);

    driver.end();
    expect(driver.take()).toEqual([{ key: 'HAM', windowStart: HOUR, windowEnd: 2 * HOUR, flights: 1 }]);
    expect(driver.state('HAM')).toEqual({});
    expect(driver.timers()).toEqual([]);
  });
});

describe('a join, driven alone', () => {
  it.each([false, true])('takes records of both inputs, restored %s', (restoreEachStep) => {
    const byKey = (stream: Stream<Flight>): KeyedStream<Flight, string> => stream.keyBy(({ origin }) => origin);
    const driver = testOperator(
      (left: Stream<Flight>, right: Stream<Flight>) =>
        byKey(left).join(byKey(right), {
          type: 'left',
          within: { beforeMs: 0, afterMs: 10 },
          select: (a, b) => `${a!.at}-${b === null ? 'nobody' : b.at}`,
        }),
      { restoreEachStep },
    );
    const add = (at: number) => driver.add({ origin: 'HAM', at }, { at });
    const addSecond = (at: number) => driver.addSecond({ origin: 'HAM', at }, { at });

    add(100);
    addSecond(110);
    addSecond(111);
    add(200);
    expect(driver.take()).toEqual(['100-110']);
    driver.advanceWatermark(210);
    expect(driver.take()).toEqual([]);
    driver.end();
    expect(driver.take()).toEqual(['200-nobody']);
    expect(driver.state('HAM')).toEqual({});
  });
});

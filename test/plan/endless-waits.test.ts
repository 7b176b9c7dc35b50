/**
 * Operators that would never emit a row over an endless source: what is refused would indeed emit none, and what is close to it and is not
 * refused does emit. Run with a source that says it ends, and does not.
 */
import { describe, expect, it } from 'vitest';
import { type EngineMode, sinks } from '../../src/index.ts';
import type { SourceConnector } from '../../src/model/index.ts';
import { aggregates, windows } from '../../src/operators/index.ts';
import type { AnyStream } from '../../src/plan/any-stream.ts';
import { defineJob, type JobBuilder, type KeyedStream, type Stream } from '../../src/plan/index.ts';
import { simulateJob } from '../../src/testing/index.ts';
import { type TimedRecord, timedSource } from '../support/timed-source.ts';

interface Row {
  readonly at: number;
}
type Rows = KeyedStream<Row, string>;
type Draw = (rows: Rows, job: JobBuilder, source: SourceConnector<TimedRecord>) => AnyStream<unknown>;

const STEP_MS = 250;
const IDLE_MS = 2000;
const TUMBLING = windows.tumbling({ sizeMs: 1000 });
const COUNT = { n: aggregates.count() };
/** Rows of windows have a time of their own; it does not matter which one they show. */
const LAST = { at: aggregates.max((row: Row) => row.at) };
const WITHIN = { beforeMs: 1000, afterMs: 1000 };

const keyed = (stream: Stream<unknown> | KeyedStream<unknown, string>): Rows => {
  const rekeyed: KeyedStream<unknown, string> = stream.keyBy(() => 'all');
  return rekeyed.map((row) => row as Row);
};
const dozens = (rows: Rows): Rows =>
  keyed(
    rows
      .window(windows.count({ size: 3 }))
      .aggregate(LAST)
      .named('dozens'),
  );
const hours = (rows: Rows): Rows => keyed(rows.window(TUMBLING, { emit: 'complete' }).aggregate(LAST).named('hours'));

/** One record each quarter of a second in each of two splits, so many in all, and then silence. */
function endless(records: number, isBounded: boolean): SourceConnector<TimedRecord> {
  const arrivals = Array.from({ length: records }, (_, index) => index * STEP_MS);
  return { ...timedSource({ arrivals: [arrivals, arrivals], hasEnd: false }), isBounded };
}

function timedRows(job: JobBuilder, name: string, source: SourceConnector<TimedRecord>): Stream<Row> {
  return job
    .source(name, source)
    .withEventTime(({ index }) => index * STEP_MS, { idleTimeoutMs: IDLE_MS })
    .map(({ index }) => ({ at: index * STEP_MS }));
}

function jobOf(draw: Draw, source: SourceConnector<TimedRecord>, out = sinks.memory<unknown>()) {
  const definition = defineJob('endless', (job) => {
    draw(keyed(timedRows(job, 'in', source)), job, source).to('out', out);
  });
  return { definition, out };
}

async function rowsOf(draw: Draw, mode: EngineMode): Promise<number> {
  const { definition, out } = jobOf(draw, endless(20, true));
  await simulateJob(definition, {
    seed: 1,
    options: { mode, parallelism: 2, workers: 2, epoch: { intervalMs: 500 } },
    until: { kind: 'duration', durationMs: 15_000 },
  });
  return out.records.length;
}

function problemOf(draw: Draw): string | undefined {
  try {
    jobOf(draw, endless(20, false)).definition.build();
    return undefined;
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

const behind = (kind: string, id: string): string =>
  `job 'endless': the ${kind} 'y' would never emit a row: it waits for event time to go on, which it does behind the window '${id}' at the end of input only, and the source 'in' never ends; `;

const REFUSED: readonly (readonly [name: string, draw: Draw, problem: string])[] = [
  [
    'a window behind windows of records',
    (rows) => dozens(rows).window(TUMBLING).aggregate(COUNT).named('y'),
    `${behind('window', 'dozens')}give it early results, or take its records from in front of 'dozens'`,
  ],
  [
    'a window behind complete results',
    (rows) =>
      hours(rows)
        .window(windows.session({ gapMs: 500 }))
        .aggregate(COUNT)
        .named('y'),
    `${behind('window', 'hours')}let 'hours' emit 'append', or give it early results, or take its records from in front of 'hours'`,
  ],
  [
    'complete results behind windows of records, and only the first of what waits',
    (rows) =>
      keyed(
        keyed(dozens(rows).filter(() => true))
          .window(TUMBLING, { emit: 'complete' })
          .aggregate(LAST)
          .named('y'),
      )
        .window(TUMBLING)
        .aggregate(COUNT),
    `${behind('window', 'dozens')}give it early results, or take its records from in front of 'dozens'`,
  ],
  [
    'a join within windows, both sides of which are behind such windows',
    (rows) => {
      const left = dozens(rows);
      return left.windowJoin(keyed(left.filter(() => true)), { window: TUMBLING }).named('y');
    },
    `${behind('windowJoin', 'dozens')}take its records from in front of 'dozens'`,
  ],
  [
    'a join with a table at the time of the record',
    (rows) => {
      const left = dozens(rows);
      return left.joinTable(keyed(left.filter(() => true)), {}).named('y');
    },
    behind('tableJoin', 'dozens'),
  ],
  [
    'a join that says what had no match',
    (rows) => {
      const left = dozens(rows);
      return left.join(keyed(left.filter(() => false)), { type: 'anti', within: WITHIN }).named('y');
    },
    behind('join', 'dozens'),
  ],
  [
    'one window over all records',
    (rows) => rows.window(windows.global()).aggregate(COUNT).named('y'),
    `job 'endless': the window 'y' would never emit a row: it waits for the end of input, and the source 'in' never ends; let it emit 'update' or 'complete', or give it early results`,
  ],
  [
    'complete results without any event time',
    (rows, job, source) => {
      rows.to('rest', sinks.memory());
      return keyed(job.source('timeless', source).map(() => ({ at: 0 })))
        .window(windows.global(), { emit: 'complete' })
        .aggregate(COUNT)
        .named('y');
    },
    `it waits for event time to go on, and none of its sources has any, and the source 'timeless' never ends; give it early results, or put withEventTime(...)`,
  ],
];

const ACCEPTED: readonly (readonly [name: string, draw: Draw])[] = [
  ['a window behind windows', (rows) => keyed(rows.window(TUMBLING).aggregate(LAST)).window(TUMBLING).aggregate(COUNT)],
  [
    'a window behind windows of records that show every change',
    (rows) =>
      keyed(rows.window(windows.count({ size: 3 }), { emit: 'update' }).aggregate(LAST))
        .window(TUMBLING)
        .aggregate(COUNT),
  ],
  ['a window that shows every change', (rows) => dozens(rows).window(TUMBLING, { emit: 'update' }).aggregate(COUNT)],
  [
    'a window with early results by records',
    (rows) =>
      dozens(rows)
        .window(TUMBLING, { early: { everyRecords: 1 } })
        .aggregate(COUNT),
  ],
  [
    'a window with early results by time',
    (rows) =>
      hours(rows)
        .window(TUMBLING, { early: { everyMs: 100 } })
        .aggregate(COUNT),
  ],
  [
    'a window by the wall clock',
    (rows) =>
      dozens(rows)
        .window(windows.tumbling({ sizeMs: 1000, time: 'processing' }))
        .aggregate(COUNT),
  ],
  [
    'windows of records',
    (rows) =>
      dozens(rows)
        .window(windows.count({ size: 2 }))
        .aggregate(COUNT),
  ],
  [
    'one window that shows every change',
    (rows) => dozens(rows).window(windows.global(), { emit: 'update' }).aggregate(COUNT),
  ],
  [
    'complete results of one window',
    (rows) => rows.window(windows.global(), { emit: 'complete', completeEveryMs: 1000 }).aggregate(COUNT),
  ],
  [
    'a join that shows what matches',
    (rows) => {
      const left = dozens(rows);
      return left.join(keyed(left.filter(() => true)), { type: 'left', within: WITHIN });
    },
  ],
  ['a deduplication', (rows) => dozens(rows).deduplicate({ scope: 'watermark', withinMs: 1000 })],
  [
    'a join with another source, which goes on while the one behind such windows is idle',
    (rows, job) => dozens(rows).windowJoin(keyed(timedRows(job, 'other', endless(50, true))), { window: TUMBLING }),
  ],
];

describe('over an endless source is refused, and would emit nothing in either mode,', () => {
  it.each(REFUSED)('%s', async (_, draw, problem) => {
    expect(problemOf(draw)).toContain(problem);
    expect(await rowsOf(draw, 'continuous')).toBe(0);
    expect(await rowsOf(draw, 'microbatch')).toBe(0);
  });
});

describe('over an endless source is accepted, and emits in both modes,', () => {
  it.each(ACCEPTED)('%s', async (_, draw) => {
    expect(problemOf(draw)).toBeUndefined();
    expect(await rowsOf(draw, 'continuous')).toBeGreaterThan(0);
    expect(await rowsOf(draw, 'microbatch')).toBeGreaterThan(0);
  });
});

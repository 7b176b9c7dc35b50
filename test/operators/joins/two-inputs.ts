/**
 * Random input of operators with two inputs, what they emit at each step of it, and the checks that hold for all of them: no record comes out
 * late by the watermark behind the operator, late ones are counted, and at the end of time neither state nor timers are left.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { END_OF_TIME, type Key, type Operator, StreamRecord, TIME_UNSET } from '../../../src/model/index.ts';
import { DrivenOperator } from '../../../src/testing/driven-operator.ts';
import { type HarnessStep, runOperator, step } from '../../../src/testing/operator-harness.ts';

/** A record, its value the number of its step, or a watermark. */
export type Step =
  | { readonly kind: 'left' | 'right'; readonly key: Key; readonly time: number; readonly id: number }
  | { readonly kind: 'watermark'; readonly time: number };

export type Arrival = Extract<Step, { id: number }>;

/** What a step led to. */
export interface Outcome {
  readonly main: readonly StreamRecord[];
  readonly late: readonly StreamRecord[];
}

/** What a plain program finds at a step. */
export interface Found {
  readonly key: Key;
  readonly value: unknown;
  readonly timestamp: number;
}

/** Times go up by `pace` from step to step, with disorder around it: ties, late records and watermarks that say nothing new are frequent. */
export function randomSteps(options: {
  readonly pace: number;
  readonly keys?: readonly Key[];
  readonly stepsMax?: number;
}): fc.Arbitrary<readonly Step[]> {
  const { pace, keys = ['a', 'b'], stepsMax = 60 } = options;
  const jitter = fc.integer({ min: -12, max: 12 });
  const kind = fc.constantFrom(
    'left' as const,
    'right' as const,
    'left' as const,
    'right' as const,
    'watermark' as const,
  );
  const drawn = fc.record({ kind, key: fc.constantFrom(...keys), jitter });
  return fc
    .tuple(fc.integer({ min: -60, max: 60 }), fc.array(drawn, { maxLength: stepsMax, size: 'max' }))
    .map(([from, all]) =>
      all.map(({ kind, key, jitter }, id): Step => {
        const time = from + Math.floor(id * pace) + jitter;
        return kind === 'watermark' ? { kind, time: time - 6 } : { kind, key, time, id };
      }),
    );
}

/** Runs the steps and then the end of time. One outcome for each step, the end included. */
export function outcomesOf(
  create: () => Operator,
  steps: readonly Step[],
  { isStateKept = false }: { readonly isStateKept?: boolean } = {},
): readonly Outcome[] {
  let at = { main: [] as StreamRecord[], late: [] as StreamRecord[] };
  let passed = TIME_UNSET;
  let lateCounted = 0;
  const outcomes: Outcome[] = [];
  const driven = new DrivenOperator({
    create,
    state: 'keyed',
    onEmit: (output, record) => {
      if (output === 0) expect(record.timestamp, 'a record behind the output watermark').toBeGreaterThan(passed);
      (output === 0 ? at.main : at.late).push(record);
    },
    onWatermark: (watermark) => {
      passed = watermark;
    },
    onLate: (records) => {
      lateCounted += records;
    },
  });
  for (const taken of withEnd(steps)) {
    at = { main: [], late: [] };
    if (taken.kind === 'watermark') driven.advanceWatermark(taken.time);
    else if (taken.kind === 'left') driven.process(recordOf(taken));
    else driven.processSecond(recordOf(taken));
    outcomes.push(at);
  }
  expect(passed).toBe(END_OF_TIME);
  expect(lateCounted).toBe(outcomes.flatMap(({ late }) => late).length);
  expect(driven.timers()).toEqual([]);
  for (const key of isStateKept ? [] : keysOf(steps))
    expect(driven.readState(key), `state of ${String(key)}`).toEqual({});
  driven.close();
  return outcomes;
}

/** Everything that comes out, the same in all ways of running an operator. */
export function outputOf(create: () => Operator, steps: readonly Step[]): readonly (readonly StreamRecord[])[] {
  const input = withEnd(steps).map((taken): HarnessStep => {
    if (taken.kind === 'watermark') return step.watermark(taken.time);
    return taken.kind === 'left' ? recordOf(taken) : step.second(recordOf(taken));
  });
  return runOperator({ create, input, outputs: 2, isStateful: true, lateOutput: 1 });
}

/** The records that are not late where every record at or before the watermark in force is, and those that are. By step, with watermarks. */
export function sortOutLate(steps: readonly Step[]): { readonly accepted: Arrival[]; readonly late: Arrival[] } {
  let watermark = TIME_UNSET;
  const accepted: Arrival[] = [];
  const late: Arrival[] = [];
  for (const taken of steps) {
    if (taken.kind === 'watermark') watermark = Math.max(watermark, taken.time);
    else (taken.time <= watermark ? late : accepted).push(taken);
  }
  return { accepted, late };
}

/** Watermark in force behind each step, the end included. */
export function watermarksOf(steps: readonly Step[]): readonly number[] {
  let watermark = TIME_UNSET;
  return withEnd(steps).map((taken) => {
    if (taken.kind === 'watermark') watermark = Math.max(watermark, taken.time);
    return watermark;
  });
}

/** Key, value and time of records as text, sorted: to compare what may come in any order. */
export function textsOf(records: Iterable<StreamRecord | Found>): readonly string[] {
  return Array.from(records, ({ key, value, timestamp }) => JSON.stringify({ key, value, timestamp })).sort();
}

export function recordOf({ key, time, id }: Arrival): StreamRecord {
  return new StreamRecord(id, key, time, id);
}

function withEnd(steps: readonly Step[]): readonly Step[] {
  return [...steps, { kind: 'watermark', time: END_OF_TIME }];
}

function keysOf(steps: readonly Step[]): ReadonlySet<Key> {
  return new Set(steps.flatMap((taken) => (taken.kind === 'watermark' ? [] : [taken.key])));
}

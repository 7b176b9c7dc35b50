/** Runs windows in all ways of the harness over numbers, and brings rows into the shape of the plain programs. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { END_OF_TIME, type Key, type Operator, type StreamRecord } from '../../../src/model/index.ts';
import {
  type Aggregator,
  type AggregatorFields,
  aggregates,
  type WindowDefinition,
  type WindowOptions,
  windowBlueprint,
} from '../../../src/operators/index.ts';
import { DrivenOperator } from '../../../src/testing/driven-operator.ts';
import { type HarnessStep, runOperator, step } from '../../../src/testing/operator-harness.ts';
import { recordOf } from '../records.ts';
import type { PlainResult } from './plain-windows.ts';

export type Row = Record<string, unknown>;

/** All values, in no order that a test may rely on: windows merge panes, not records. Merges only. */
export const values: Aggregator<number, number[], number[]> = aggregates.custom({
  name: 'values',
  create: (): number[] => [],
  add(list, value: number) {
    list.push(value);
    return list;
  },
  merge(list, later) {
    list.push(...later);
    return list;
  },
  result: (list) => list.toSorted((a, b) => a - b),
});

/** The total; panes can be taken out of it again. */
export const total: Aggregator<number, number, number> = aggregates.custom({
  name: 'total',
  create: () => 0,
  add: (sum, value: number) => sum + value,
  merge: (sum, later) => sum + later,
  retract: (sum, earliest) => sum - earliest,
  result: (sum) => sum,
});

/** One set of fields for each way in which a window slides. */
export const FIELDS: Readonly<Record<'retracting' | 'merging', AggregatorFields<number>>> = {
  retracting: { total, records: aggregates.custom({ ...total, name: 'records', add: (count) => count + 1 }) },
  merging: { values, greatest: aggregates.max((value: number) => value) },
};

export function create(
  definition: WindowDefinition<number>,
  fields: AggregatorFields<number>,
  options: WindowOptions = {},
): () => Operator<number> {
  const blueprint = windowBlueprint(definition, fields, options);
  expect(blueprint.problems).toEqual([]);
  return () => blueprint.create() as Operator<number>;
}

/** Rows with the times of their records, and the values that were late. */
export function runWindows(
  definition: WindowDefinition<number>,
  fields: AggregatorFields<number>,
  options: WindowOptions,
  input: readonly HarnessStep<number>[],
): { readonly rows: readonly StreamRecord<Row>[]; readonly late: readonly unknown[] } {
  const [rows, late] = runOperator<number>({
    create: create(definition, fields, options),
    input,
    outputs: 2,
    isStateful: true,
    lateOutput: 1,
  });
  return { rows: rows as readonly StreamRecord<Row>[], late: late!.map(({ value }) => value) };
}

/** What `fields` make of the rows of a plain program, by key: the order between keys is the engine's. */
export function expectedRows({ rows }: PlainResult, fields: AggregatorFields<number>, hasIsFinal = false): Row[] {
  return byKey(
    rows.map(({ key, start, end, values: list, isFinal }) => ({
      key,
      windowStart: start,
      windowEnd: end,
      ...(fields === FIELDS.retracting
        ? { total: list.reduce((a, b) => a + b, 0), records: list.length }
        : { values: list.toSorted((a, b) => a - b), greatest: Math.max(...list) }),
      ...(hasIsFinal && { isFinal }),
    })),
  );
}

export function byKey(rows: readonly Row[]): Row[] {
  const keyed = rows.map((row, i) => [String(row['key']), i, row] as const);
  return keyed.sort(([a, i], [b, j]) => (a < b ? -1 : a > b ? 1 : i - j)).map(([, , row]) => row);
}

/** What is left of some keys and all timers behind the input. */
export function leftBehind(
  makeOperator: () => Operator<number>,
  input: readonly HarnessStep<number>[],
  keys: readonly Key[],
): { readonly states: Row; readonly timers: readonly unknown[] } {
  const driven = new DrivenOperator({ create: makeOperator as () => Operator, state: 'keyed', onEmit: () => {} });
  for (const taken of input) {
    if ('ingestTime' in taken) driven.process(taken);
    else if (taken.kind === 'watermark') driven.advanceWatermark(taken.time);
    else if (taken.kind === 'time') driven.advanceTime(taken.byMs);
  }
  const states = Object.assign({}, ...keys.map((key) => driven.readState(key)));
  const timers = driven.timers();
  driven.close();
  return { states, timers };
}

/** Records in disorder with watermarks between them, and at last the end of input. */
export function disorder(options: { readonly maxLength: number }): fc.Arbitrary<HarnessStep<number>[]> {
  const time = fc.oneof({ weight: 20, arbitrary: fc.integer({ min: -40, max: 120 }) }, fc.constant(Number.NaN));
  const record = fc
    .tuple(fc.integer({ min: -9, max: 99 }), fc.constantFrom('a', 'b', ''), time)
    .map(([value, key, at]): HarnessStep<number> => recordOf(value, key, at));
  const watermark = fc.integer({ min: -60, max: 140 }).map((at): HarnessStep<number> => step.watermark(at));
  // Mostly onwards, as a source has it: now and then a record from long ago.
  const onwards = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: -15, max: 5 }), fc.integer({ min: 0, max: 5 })), {
      maxLength: options.maxLength,
    })
    .map((moves) => {
      let now = -30;
      return moves.flatMap(([by, jitter, kind]): HarnessStep<number>[] => {
        now += by;
        if (kind === 0) return [step.watermark(now - 5)];
        return [recordOf(by * 10 + kind, kind === 1 ? 'b' : 'a', now + jitter)];
      });
    });
  const anywhere = fc.array(fc.oneof({ weight: 3, arbitrary: record }, watermark), { maxLength: options.maxLength });
  return fc.oneof(anywhere, onwards).map((steps) => [...steps, step.watermark(END_OF_TIME)]);
}

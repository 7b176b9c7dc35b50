/** Every aggregate gives in sliding windows, put together from panes, what it gives over the records of the window one by one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { END_OF_TIME, type Operator, type StreamRecord } from '../../../src/model/index.ts';
import { type Aggregator, aggregates, windowBlueprint, windows } from '../../../src/operators/index.ts';
import { runOperator, step } from '../../../src/testing/operator-harness.ts';
import { recordOf } from '../records.ts';
import { values } from './window-run.ts';

const field = (value: number): number => value;

const AGGREGATES: Readonly<Record<string, Aggregator<number, never, unknown>>> = {
  count: aggregates.count(),
  sum: aggregates.sum(field),
  min: aggregates.min(field),
  max: aggregates.max(field),
  mean: aggregates.mean(field),
  first: aggregates.first(field),
  last: aggregates.last(field),
  top: aggregates.top(field, 2),
  distinct: aggregates.distinct(field),
  distinctApproximate: aggregates.distinctApproximate(field),
  quantiles: aggregates.quantiles(field, [0, 0.5, 1]),
  collect: aggregates.collect(field),
} as never;

/** Returns the other accumulator where its own is empty, as a user might. */
const borrowing = aggregates.custom({
  ...values,
  name: 'borrowing',
  merge: (list: number[], later: number[]) => (list.length === 0 ? later : values.merge!(list, later)),
});

/** The aggregate over each window, in the order of time. */
function plainRows(
  aggregator: Aggregator<number, never, unknown>,
  input: readonly StreamRecord<number>[],
  sizeMs: number,
) {
  const last = Math.max(0, ...input.map(({ timestamp }) => timestamp));
  const rows: unknown[] = [];
  for (let start = 1 - sizeMs; start <= last; start++) {
    const inside = input.filter(({ timestamp }) => timestamp >= start && timestamp < start + sizeMs);
    if (inside.length === 0) continue;
    let accumulator = aggregator.create();
    for (const { value, timestamp } of inside) accumulator = aggregator.add(accumulator, value, timestamp);
    rows.push(aggregator.result(accumulator));
  }
  return rows;
}

describe('an aggregate in sliding windows', () => {
  it.each([...Object.keys(AGGREGATES), 'borrowing'])('is what it is over the records of the window: %s', (name) => {
    const aggregator = AGGREGATES[name] ?? (borrowing as Aggregator<number, never, unknown>);
    const moves = fc.array(fc.record({ by: fc.integer({ min: 0, max: 6 }), value: fc.integer({ min: -3, max: 9 }) }), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(moves, fc.integer({ min: 1, max: 40 }), (list, sizeMs) => {
        let now = 0;
        const records = list.map(({ by, value }) => {
          now += by;
          return recordOf(value, 'a', now);
        });
        const blueprint = windowBlueprint<number>(windows.sliding({ sizeMs, slideMs: 1 }), {
          field: aggregator as never,
        });
        const input = records.flatMap((record) => [record, step.watermark(record.timestamp - 1)]);

        const [rows] = runOperator<number>({
          create: () => blueprint.create() as Operator<number>,
          input: [...input, step.watermark(END_OF_TIME)],
          outputs: 2,
          isStateful: true,
        });

        const found = rows!.map(({ value }) => (value as { field: unknown }).field);
        const plain = plainRows(aggregator, records, sizeMs);
        expect(found).toEqual(name === 'mean' ? plain.map((mean) => expect.closeTo(mean as number, 12)) : plain);
      }),
      { numRuns: 25 },
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { END_OF_TIME } from '../../../src/model/index.ts';
import { windows } from '../../../src/operators/index.ts';
import { type HarnessStep, step } from '../../../src/testing/operator-harness.ts';
import { recordOf } from '../records.ts';
import { plainSessions } from './plain-windows.ts';
import { byKey, create, disorder, expectedRows, FIELDS, leftBehind, runWindows } from './window-run.ts';

const LATENESS = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 60 }));

/** Gaps of a constant length, and gaps that each record has: null, nothing, below nothing. */
const GAPS = fc.oneof(
  fc.integer({ min: 1, max: 30 }).map((gapMs) => ({ gapMs, gapOf: (): number | null => gapMs })),
  fc.constant({
    gapMs: (value: number) => (value % 13 === 0 ? null : value),
    gapOf: (value: number) => (value % 13 === 0 ? null : value),
  }),
);

describe('session windows', () => {
  it('equal a plain program, whatever gaps, disorder and lateness', () => {
    fc.assert(
      fc.property(disorder({ maxLength: 40 }), GAPS, LATENESS, (input, { gapMs, gapOf }, allowedLatenessMs) => {
        const { rows, late } = runWindows(
          windows.session<number>({ gapMs }),
          FIELDS.merging,
          { allowedLatenessMs },
          input,
        );

        const plain = plainSessions(input, { gapOf, latenessMs: allowedLatenessMs });
        expect(byKey(rows.map(({ value }) => value))).toEqual(expectedRows(plain, FIELDS.merging));
        expect(late).toEqual(plain.late);
        for (const { value, timestamp } of rows) expect(timestamp).toBe((value['windowEnd'] as number) - 1);
      }),
      { numRuns: 200 },
    );
  });

  it('leave nothing behind of a key whose sessions are over: no state and no timer', () => {
    fc.assert(
      fc.property(disorder({ maxLength: 30 }), GAPS, LATENESS, (steps, { gapMs }, allowedLatenessMs) => {
        const input = [...steps.slice(0, -1), step.watermark(1_000)];
        const operator = create(windows.session<number>({ gapMs }), FIELDS.merging, { allowedLatenessMs });

        expect(leftBehind(operator, input, ['a', 'b', ''])).toEqual({ states: {}, timers: [] });
      }),
      { numRuns: 40 },
    );
  });

  it('are one when they touch, and two when a millisecond lies between them', () => {
    const input = [recordOf(1, 'a', 0), recordOf(2, 'a', 10), recordOf(3, 'a', 21), step.watermark(END_OF_TIME)];

    expect(valuesOf({ gapMs: 10 }, 0, input)).toEqual([
      [0, 20, [1, 2]],
      [21, 31, [3]],
    ]);
  });

  it('do not save a late record: its own interval decides', () => {
    const input = [recordOf(1, 'a', 100), step.watermark(105), recordOf(2, 'a', 95), step.watermark(END_OF_TIME)];

    const { late } = runWindows(windows.session({ gapMs: 10 }), FIELDS.merging, {}, input);

    expect(late).toEqual([2]);
  });

  it('become one again within the allowed lateness when a record bridges two that were emitted', () => {
    const input: HarnessStep<number>[] = [
      recordOf(1, 'a', 0),
      recordOf(2, 'a', 15),
      step.watermark(26),
      recordOf(3, 'a', 8),
      recordOf(4, 'a', 24),
      step.watermark(40),
    ];

    expect(valuesOf({ gapMs: 10 }, 20, input)).toEqual([
      [0, 10, [1]],
      [15, 25, [2]],
      [0, 25, [1, 2, 3]],
      // The last record has opened it again.
      [0, 34, [1, 2, 3, 4]],
    ]);
  });

  it('give early results by number, also where two that become one jump over it', () => {
    const input = [
      recordOf(1, 'a', 0),
      recordOf(2, 'a', 20),
      recordOf(3, 'a', 10),
      recordOf(4, 'a', 11),
      step.watermark(END_OF_TIME),
    ];

    const { rows } = runWindows(windows.session({ gapMs: 10 }), FIELDS.merging, { early: { everyRecords: 2 } }, input);

    expect(rows.map(({ value }) => [value['values'], value['isFinal']])).toEqual([
      [[1, 2, 3], false],
      [[1, 2, 3, 4], false],
      [[1, 2, 3, 4], true],
    ]);
  });

  it('give early results by time, of the session that a record has become part of', () => {
    const input = [
      recordOf(1, 'a', 20),
      recordOf(2, 'a', 12),
      recordOf(3, 'a', 90),
      step.time(100),
      step.time(100),
      step.watermark(END_OF_TIME),
    ];

    const { rows } = runWindows(windows.session({ gapMs: 10 }), FIELDS.merging, { early: { everyMs: 100 } }, input);

    expect(rows.map(({ value }) => [value['values'], value['isFinal']])).toEqual([
      [[1, 2], false],
      [[3], false],
      [[1, 2], true],
      [[3], true],
    ]);
  });

  it('keep everything with complete, where nothing is late', () => {
    const input = [
      recordOf(1, 'a', 0),
      step.watermark(100),
      recordOf(2, 'a', 5),
      recordOf(3, 'a', 50),
      step.watermark(200),
    ];

    const { rows, late } = runWindows(
      windows.session({ gapMs: 10 }),
      FIELDS.merging,
      { emit: 'complete', completeEveryMs: 100 },
      [...input, step.watermark(END_OF_TIME)],
    );

    expect(late).toEqual([]);
    expect(rows.map(({ value }) => value['values'])).toEqual([[1], [1, 2], [3], [1, 2], [3]]);
  });

  it('go by the wall clock when told so', () => {
    const definition = windows.session<number>({ gapMs: 10, time: 'processing' });
    const input = [
      recordOf(1, 'a', Number.NaN),
      step.time(10),
      recordOf(2, 'a', 1),
      step.time(11),
      recordOf(3, 'a', 1),
    ];

    const { rows } = runWindows(definition, FIELDS.merging, {}, [...input, step.watermark(END_OF_TIME)]);

    expect(rows.map(({ value }) => value['values'])).toEqual([[1], [2], [3]]);
  });
});

function valuesOf(
  options: { readonly gapMs: number },
  allowedLatenessMs: number,
  input: readonly HarnessStep<number>[],
) {
  const { rows } = runWindows(windows.session(options), FIELDS.merging, { allowedLatenessMs }, input);
  return rows.map(({ value }) => [value['windowStart'], value['windowEnd'], value['values']]);
}

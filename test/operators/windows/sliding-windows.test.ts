import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { END_OF_TIME } from '../../../src/model/index.ts';
import { type WindowOptions, windows } from '../../../src/operators/index.ts';
import { step } from '../../../src/testing/operator-harness.ts';
import { recordOf } from '../records.ts';
import { plainTimeWindows, slidingWindowsOf } from './plain-windows.ts';
import { byKey, create, disorder, expectedRows, FIELDS, leftBehind, runWindows } from './window-run.ts';

const PLACES = fc
  .record({
    slideMs: fc.integer({ min: 1, max: 12 }),
    moreMs: fc.integer({ min: 0, max: 40 }),
    offsetMs: fc.integer({ min: -20, max: 20 }),
  })
  .map(({ slideMs, moreMs, offsetMs }) => ({ sizeMs: slideMs + moreMs, slideMs, offsetMs }));

const FIELD_SETS = fc.constantFrom(FIELDS.retracting, FIELDS.merging);

const OPTIONS: fc.Arbitrary<WindowOptions> = fc.oneof(
  fc.constant({}),
  fc.record({ allowedLatenessMs: fc.integer({ min: 0, max: 60 }) }),
  fc.record({ emit: fc.constant('update' as const), allowedLatenessMs: fc.integer({ min: 0, max: 30 }) }),
  fc.record({ emit: fc.constant('complete' as const), completeEveryMs: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ early: fc.record({ everyRecords: fc.integer({ min: 1, max: 4 }) }) }),
);

describe('sliding windows', () => {
  it('equal a plain program that keeps each window as a list, whatever sizes, disorder, lateness and emission', () => {
    fc.assert(
      fc.property(disorder({ maxLength: 40 }), PLACES, FIELD_SETS, OPTIONS, (input, places, fields, options) => {
        const { sizeMs, slideMs, offsetMs } = places;

        const { rows, late } = runWindows(windows.sliding(places), fields, options, input);

        const plain = plainTimeWindows(input, {
          windowsOf: slidingWindowsOf(sizeMs, slideMs, offsetMs),
          emit: options.emit ?? 'append',
          latenessMs: options.allowedLatenessMs ?? 0,
          completeEveryMs: options.completeEveryMs ?? slideMs,
          ...(options.early !== undefined && { earlyRecords: options.early.everyRecords! }),
        });
        expect(byKey(rows.map(({ value }) => value))).toEqual(expectedRows(plain, fields, options.early !== undefined));
        expect(late).toEqual(plain.late);
        for (const { value, timestamp } of rows) expect(timestamp).toBe((value['windowEnd'] as number) - 1);
      }),
      { numRuns: 200 },
    );
  });

  it('leave nothing behind of a key whose windows are over: no state and no timer', () => {
    const options = OPTIONS.filter(({ emit }) => emit !== 'complete');
    fc.assert(
      fc.property(disorder({ maxLength: 40 }), PLACES, FIELD_SETS, options, (steps, places, fields, chosen) => {
        // Nothing is over at the end of input only.
        const input = [...steps.slice(0, -1), step.watermark(1_000)];

        const left = leftBehind(create(windows.sliding(places), fields, chosen), input, ['a', 'b', '']);

        expect(left).toEqual({ states: {}, timers: [] });
      }),
      { numRuns: 60 },
    );
  });

  it('close at the watermark that equals their end, and count a record there as late', () => {
    const definition = windows.sliding({ sizeMs: 10, slideMs: 5 });
    const input = [
      recordOf(1, 'a', 4),
      step.watermark(5),
      recordOf(2, 'a', 4),
      step.watermark(10),
      recordOf(3, 'a', 4),
    ];

    const { rows, late } = runWindows(definition, FIELDS.merging, {}, input);

    // The window [-5, 5) was closed when the second came; it counts in [0, 10) still.
    expect(rows.map(({ value }) => [value['windowStart'], value['values']])).toEqual([
      [-5, [1]],
      [0, [1, 2]],
    ]);
    expect(late).toEqual([3]);
  });

  it('pass over a gap of a million slides without a step for each', () => {
    const definition = windows.sliding({ sizeMs: 1_000, slideMs: 1 });
    const input = [recordOf(1, 'a', 0), recordOf(2, 'a', 1e12), step.watermark(END_OF_TIME)];

    const { rows } = runWindows(definition, { total: FIELDS.retracting['total']! }, {}, input);

    expect(rows).toHaveLength(2_000);
    expect(rows[1_000]!.value).toEqual({ key: 'a', windowStart: 1e12 - 999, windowEnd: 1e12 + 1, total: 2 });
  });

  it('go by the wall clock when told so: no record is late, whatever its event time', () => {
    const definition = windows.sliding({ sizeMs: 10, slideMs: 5, time: 'processing' });
    const at = Date.UTC(2026, 0, 1);
    const input = [recordOf(1, 'a', Number.NaN), step.time(5), recordOf(2, 'a', -99), step.time(20)];

    const { rows, late } = runWindows(definition, FIELDS.merging, {}, input);

    expect(late).toEqual([]);
    expect(rows.map(({ value }) => [(value['windowStart'] as number) - at, value['values']])).toEqual([
      [-5, [1]],
      [0, [1, 2]],
      [5, [2]],
    ]);
  });

  it('give early results every so often of processing time, of the windows that have changed, and none without a change', () => {
    const definition = windows.sliding({ sizeMs: 10, slideMs: 5 });
    const input = [
      recordOf(1, 'a', 1),
      recordOf(2, 'a', 21),
      step.time(100),
      step.time(100),
      recordOf(3, 'a', 6),
      step.time(100),
      step.watermark(END_OF_TIME),
    ];

    const { rows } = runWindows(definition, FIELDS.merging, { early: { everyMs: 100 } }, input);

    expect(rows.map(({ value }) => [value['windowStart'], value['values'], value['isFinal']])).toEqual([
      [-5, [1], false],
      [0, [1], false],
      [15, [2], false],
      [20, [2], false],
      [0, [1, 3], false],
      [5, [3], false],
      [-5, [1], true],
      [0, [1, 3], true],
      [5, [3], true],
      [15, [2], true],
      [20, [2], true],
    ]);
  });
});

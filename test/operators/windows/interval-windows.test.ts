import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { END_OF_TIME } from '../../../src/model/index.ts';
import { aggregates, type WindowOptions, windows } from '../../../src/operators/index.ts';
import { step } from '../../../src/testing/operator-harness.ts';
import { recordOf } from '../records.ts';
import { plainTimeWindows, slidingWindowsOf } from './plain-windows.ts';
import { byKey, create, disorder, expectedRows, FIELDS, leftBehind, runWindows } from './window-run.ts';

const PLACES = fc.record({ sizeMs: fc.integer({ min: 1, max: 40 }), offsetMs: fc.integer({ min: -50, max: 50 }) });

const OPTIONS: fc.Arbitrary<WindowOptions> = fc.oneof(
  fc.constant({}),
  fc.record({ allowedLatenessMs: fc.integer({ min: 0, max: 60 }) }),
  fc.record({ emit: fc.constant('update' as const), allowedLatenessMs: fc.integer({ min: 0, max: 30 }) }),
  fc.record({ emit: fc.constant('complete' as const), completeEveryMs: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ early: fc.record({ everyRecords: fc.integer({ min: 1, max: 4 }) }) }),
);

const DAY_MS = 86_400_000;

describe('tumbling windows', () => {
  it('equal a plain program that keeps each window as a list, whatever sizes, disorder, lateness and emission', () => {
    fc.assert(
      fc.property(disorder({ maxLength: 40 }), PLACES, OPTIONS, (input, places, options) => {
        const { sizeMs, offsetMs } = places;

        const { rows, late } = runWindows(windows.tumbling(places), FIELDS.merging, options, input);

        const plain = plainTimeWindows(input, {
          windowsOf: slidingWindowsOf(sizeMs, sizeMs, offsetMs),
          emit: options.emit ?? 'append',
          latenessMs: options.allowedLatenessMs ?? 0,
          completeEveryMs: options.completeEveryMs ?? sizeMs,
          ...(options.early !== undefined && { earlyRecords: options.early.everyRecords! }),
        });
        const expected = expectedRows(plain, FIELDS.merging, options.early !== undefined);
        expect(byKey(rows.map(({ value }) => value))).toEqual(expected);
        expect(late).toEqual(plain.late);
        for (const { value, timestamp } of rows) expect(timestamp).toBe((value['windowEnd'] as number) - 1);
      }),
      { numRuns: 150 },
    );
  });

  it('leave nothing behind of a key whose windows are over: no state and no timer', () => {
    const options = OPTIONS.filter(({ emit }) => emit !== 'complete');
    fc.assert(
      fc.property(disorder({ maxLength: 30 }), PLACES, options, (steps, places, chosen) => {
        const input = [...steps.slice(0, -1), step.watermark(1_000)];

        const left = leftBehind(create(windows.tumbling(places), FIELDS.merging, chosen), input, ['a', 'b', '']);

        expect(left).toEqual({ states: {}, timers: [] });
      }),
      { numRuns: 40 },
    );
  });

  it('take aggregates that cannot merge', () => {
    const last = aggregates.custom({
      name: 'last',
      create: () => 0,
      add: (_, value: number) => value,
      result: (v) => v,
    });

    const { rows } = runWindows(windows.tumbling({ sizeMs: 10 }), { last }, {}, [
      recordOf(1, 'a', 1),
      recordOf(2, 'a', 2),
      step.watermark(10),
    ]);

    expect(rows.map(({ value }) => value)).toEqual([{ key: 'a', windowStart: 0, windowEnd: 10, last: 2 }]);
  });

  it.each([1, 2, 3, 4, 5])(
    'emit rows of %i fields: key and times first, then the fields as the job lists them',
    (width) => {
      const names = Array.from({ length: width }, (_, i) => `f${9 - i}`);
      const fields = Object.fromEntries(
        names.map((name, i) => [name, aggregates.sum((value: number) => value * (i + 1))]),
      );

      const { rows } = runWindows(windows.tumbling({ sizeMs: 10 }), fields, { early: { everyRecords: 9 } }, [
        recordOf(2, 'a', 1),
        step.watermark(10),
      ]);

      const [row] = rows.map(({ value }) => value);
      expect(Object.keys(row!)).toEqual(['key', 'windowStart', 'windowEnd', ...names, 'isFinal']);
      expect(names.map((name) => row![name])).toEqual(names.map((_, i) => 2 * (i + 1)));
    },
  );

  it('correct a result that was emitted when a record comes within the allowed lateness, also one nobody has begun', () => {
    const input = [
      recordOf(1, 'a', 1),
      step.watermark(15),
      recordOf(2, 'a', 2),
      recordOf(3, 'b', 3),
      step.watermark(20),
      recordOf(4, 'a', 4),
    ];

    const { rows, late } = runWindows(
      windows.tumbling({ sizeMs: 10 }),
      FIELDS.merging,
      { allowedLatenessMs: 10 },
      input,
    );

    expect(rows.map(({ value }) => [value['key'], value['values']])).toEqual([
      ['a', [1]],
      ['a', [1, 2]],
      ['b', [3]],
    ]);
    expect(late).toEqual([4]);
  });

  it('go by the wall clock when told so, and close at the end of input', () => {
    const definition = windows.tumbling({ sizeMs: 10, time: 'processing' });
    const input = [recordOf(1, 'a', Number.NaN), step.time(9), recordOf(2, 'a', 1), step.time(1), recordOf(3, 'a', 1)];

    const { rows } = runWindows(definition, FIELDS.merging, {}, [...input, step.watermark(END_OF_TIME)]);

    const at = Date.UTC(2026, 0, 1);
    expect(
      rows.map(({ value, timestamp }) => [(value['windowStart'] as number) - at, value['values'], timestamp - at]),
    ).toEqual([
      [0, [1, 2], 9],
      [10, [3], 19],
    ]);
  });

  it('give early results while something changes, and the final one once', () => {
    const input = [
      recordOf(1, 'a', 1),
      recordOf(2, 'a', 11),
      recordOf(3, 'a', 1),
      step.time(50),
      step.time(500),
      recordOf(4, 'a', 12),
      step.watermark(10),
      step.time(50),
      step.watermark(20),
      step.time(50),
    ];

    const { rows } = runWindows(windows.tumbling({ sizeMs: 10 }), FIELDS.merging, { early: { everyMs: 50 } }, input);

    expect(rows.map(({ value }) => [value['values'], value['isFinal']])).toEqual([
      [[1, 3], false],
      [[2], false],
      [[1, 3], true],
      [[2, 4], false],
      [[2, 4], true],
    ]);
  });
});

describe('calendar windows', () => {
  it('have days of 23 and 25 hours where the clock of the zone changes', () => {
    const definition = windows.calendar({ unit: 'day', timeZone: 'America/New_York' });
    const times = [Date.UTC(2026, 2, 8, 12), Date.UTC(2026, 10, 1, 12)];

    const { rows } = runWindows(definition, FIELDS.merging, {}, [
      ...times.map((time) => recordOf(1, 'a', time)),
      step.watermark(END_OF_TIME),
    ]);

    const spans = rows.map(({ value }) => [value['windowStart'], value['windowEnd']] as [number, number]);
    expect(spans.map(([start]) => new Date(start).toISOString())).toEqual([
      '2026-03-08T05:00:00.000Z',
      '2026-11-01T04:00:00.000Z',
    ]);
    expect(spans.map(([start, end]) => (end - start) / 3_600_000)).toEqual([23, 25]);
  });

  it('keep a day for its allowed lateness, and refuse times no calendar has', () => {
    const definition = windows.calendar({ unit: 'day' });
    const input = [
      recordOf(1, 'a', 5),
      step.watermark(DAY_MS),
      recordOf(2, 'a', 6),
      recordOf(3, 'a', 8.64e15),
      step.watermark(DAY_MS + 1_000),
      recordOf(4, 'a', 7),
    ];

    const { rows, late } = runWindows(definition, FIELDS.merging, { allowedLatenessMs: 1_000 }, input);

    expect(rows.map(({ value }) => value['values'])).toEqual([[1], [1, 2]]);
    expect(late).toEqual([3, 4]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { END_OF_TIME, StreamRecord } from '../../../src/model/index.ts';
import { type WindowDefinition, type WindowOptions, windows } from '../../../src/operators/index.ts';
import { type HarnessStep, step } from '../../../src/testing/operator-harness.ts';
import { recordOf } from '../records.ts';
import { create, disorder, FIELDS, leftBehind, runWindows } from './window-run.ts';

const SIZES = fc
  .record({ slide: fc.integer({ min: 1, max: 5 }), more: fc.integer({ min: 0, max: 9 }) })
  .map(({ slide, more }) => ({ size: slide + more, slide }));

/** Windows over the records of one key, in the order in which they came. */
function plainCounts(input: readonly HarnessStep<number>[], size: number, slide: number): Record<string, unknown[]> {
  const lists = new Map<string, StreamRecord<number>[]>();
  for (const taken of input) {
    if (taken instanceof StreamRecord) lists.set(String(taken.key), [...(lists.get(String(taken.key)) ?? []), taken]);
  }
  const rows = [...lists].map(([key, list]) => {
    const found: StreamRecord<number>[][] = [];
    let shown = 0;
    let start = 0;
    for (; start + size <= list.length; start += slide) {
      found.push(list.slice(start, start + size));
      shown = start + size;
    }
    if (shown < list.length) found.push(list.slice(start));
    return [key, found.map(rowOf)] as const;
  });
  return Object.fromEntries(rows);
}

function rowOf(records: readonly StreamRecord<number>[]): unknown {
  const times = records.map(({ timestamp }) => timestamp).filter((time) => !Number.isNaN(time));
  return [
    records.map(({ value }) => value).sort((a, b) => a - b),
    times.length === 0 ? Number.NaN : Math.max(...times),
  ];
}

function rowsByKey(
  definition: WindowDefinition<number>,
  options: WindowOptions,
  input: readonly HarnessStep<number>[],
) {
  const { rows, late } = runWindows(definition, { values: FIELDS.merging['values']! }, options, input);
  expect(late).toEqual([]);
  const found: Record<string, unknown[]> = {};
  for (const { key, value, timestamp } of rows) {
    expect(value).toEqual({ key, values: value['values'] });
    found[String(key)] ??= [];
    found[String(key)]!.push([value['values'], timestamp]);
  }
  return found;
}

describe('count windows', () => {
  it('equal a plain program over the records of each key, whatever size and slide', () => {
    fc.assert(
      fc.property(disorder({ maxLength: 60 }), SIZES, (input, { size, slide }) => {
        expect(rowsByKey(windows.count({ size, slide }), {}, input)).toEqual(plainCounts(input, size, slide));
      }),
      { numRuns: 150 },
    );
  });

  it('may be longer than a chunk of panes', () => {
    const input = Array.from({ length: 300 }, (_, i) => recordOf(i, 'a', i));

    const rows = rowsByKey(windows.count({ size: 100, slide: 1 }), {}, [...input, step.watermark(END_OF_TIME)]);

    expect(rows).toEqual(plainCounts(input, 100, 1));
  });

  it('leave nothing behind: a full window at once, the rest at the end of input', () => {
    const full = Array.from({ length: 4 }, (_, i) => recordOf(i, 'a', i));
    const rest = [...full, recordOf(5, 'a', 5), step.watermark(END_OF_TIME)];

    expect(leftBehind(create(windows.count({ size: 2 }), FIELDS.merging), full, ['a'])).toEqual({
      states: {},
      timers: [],
    });
    for (const slide of [1, 2]) {
      const operator = create(windows.count({ size: 2, slide }), FIELDS.merging);
      expect(leftBehind(operator, rest, ['a'])).toEqual({ states: {}, timers: [] });
    }
  });

  it('keep the panes of one window and no more, however many records come', () => {
    const input = Array.from({ length: 1_000 }, (_, i) => recordOf(1, 'a', i));

    const { states } = leftBehind(create(windows.count({ size: 64, slide: 1 }), FIELDS.merging), input, ['a']);

    expect((states['chunks'] as unknown[]).length).toBeLessThanOrEqual(4);
    expect(Object.keys(states).sort()).toEqual(['chunks', 'front', 'panes', 'position', 'stacks']);
  });

  it('emit a row per record with update', () => {
    const input = [1, 2, 3].map((value) => recordOf(value, 'a', value));

    const { rows } = runWindows(windows.count({ size: 2 }), FIELDS.merging, { emit: 'update' }, [
      ...input,
      step.watermark(END_OF_TIME),
    ]);

    expect(rows.map(({ value }) => value['values'])).toEqual([[1], [1, 2], [3]]);
  });
});

describe('the global window', () => {
  it('is emitted at the end of input, with the greatest time of its records', () => {
    fc.assert(
      fc.property(disorder({ maxLength: 30 }), (input) => {
        expect(rowsByKey(windows.global(), {}, input)).toEqual(plainCounts(input, 1_000, 1_000));
      }),
      { numRuns: 50 },
    );
  });

  it('emits at every change with update, and nothing more at the end', () => {
    const input = [recordOf(1, 'a', 5), recordOf(2, 'a', 3), step.watermark(END_OF_TIME)];

    const { rows } = runWindows(windows.global(), FIELDS.merging, { emit: 'update' }, input);

    expect(rows.map(({ value, timestamp }) => [value['values'], timestamp])).toEqual([
      [[1], 5],
      [[1, 2], 5],
    ]);
  });

  it('emits its whole result when the watermark passes a multiple of the period, and at the end', () => {
    const input = [
      recordOf(1, 'a', 5),
      step.watermark(9),
      recordOf(2, 'a', 6),
      step.watermark(10),
      step.watermark(19),
      step.watermark(45),
      step.watermark(END_OF_TIME),
    ];

    const { rows } = runWindows(windows.global(), FIELDS.merging, { emit: 'complete', completeEveryMs: 10 }, input);

    expect(rows.map(({ value }) => value['values'])).toEqual([[1], [1, 2], [1, 2], [1, 2]]);
  });

  it('gives early results by number and by time', () => {
    const input = [1, 2, 3].map((value) => recordOf(value, 'a', value));

    const { rows } = runWindows(windows.global(), FIELDS.merging, { early: { everyRecords: 2, everyMs: 10 } }, [
      ...input,
      step.time(10),
      step.time(10),
      step.watermark(END_OF_TIME),
    ]);

    expect(rows.map(({ value }) => [value['values'], value['isFinal']])).toEqual([
      [[1, 2], false],
      [[1, 2, 3], false],
      [[1, 2, 3], true],
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import {
  type AggregatorFields,
  aggregates,
  paneOfWindow,
  type WindowDefinition,
  type WindowOptions,
  windowBlueprint,
  windows,
} from '../../../src/operators/index.ts';
import { DrivenOperator } from '../../../src/testing/driven-operator.ts';
import { recordOf } from '../records.ts';
import { FIELDS } from './window-run.ts';

const HOUR_MS = 3_600_000;
const COUNT: AggregatorFields<unknown> = { count: aggregates.count() };
const UNMERGEABLE = aggregates.custom({
  name: 'last',
  create: () => 0,
  add: (_, value: number) => value,
  result: (v) => v,
});

function problemsOf(
  definition: WindowDefinition<never>,
  options: WindowOptions = {},
  fields = COUNT,
): readonly string[] {
  return windowBlueprint(definition as WindowDefinition, fields, options).problems;
}

const TUMBLING = windows.tumbling({ sizeMs: 10 });

describe('a window that makes no sense', () => {
  it.each<[string, WindowDefinition<never>, WindowOptions, RegExp]>([
    ['size 0', windows.tumbling({ sizeMs: 0 }), {}, /^'sizeMs' is a whole number of milliseconds, at least 1, not 0$/],
    ['a fraction', windows.tumbling({ sizeMs: 1.5 }), {}, /'sizeMs' .* not 1.5/],
    ['NaN as offset', windows.tumbling({ sizeMs: 5, offsetMs: Number.NaN }), {}, /'offsetMs'/],
    ['no slide', windows.sliding({ sizeMs: 5 } as never), {}, /'slideMs' .* not undefined/],
    [
      'a slide above the size',
      windows.sliding({ sizeMs: 5, slideMs: 6 }),
      {},
      /^'slideMs' \(6\) is more than 'sizeMs' \(5\)/,
    ],
    ['a gap of nothing', windows.session({ gapMs: 0 }), {}, /'gapMs'/],
    ['half a record', windows.count({ size: 0.5 }), {}, /'size' must be a whole number of records/],
    ['no record', windows.count({ size: 2, slide: 0 }), {}, /'slide' must be a whole number of records/],
    [
      'a slide of records above the size',
      windows.count({ size: 2, slide: 3 }),
      {},
      /'slide' \(3\) is more than 'size'/,
    ],
    ['an unknown unit', windows.calendar({ unit: 'dya' as never }), {}, /no calendar unit 'dya'; did you mean 'day'/],
    ['an unknown zone', windows.calendar({ unit: 'day', timeZone: 'Mars/Olympus' }), {}, /time zone 'Mars\/Olympus'/],
    ['an unknown kind', { kind: 'hopping' } as never, {}, /no window of kind 'hopping'/],
    [
      'an unknown clock',
      windows.tumbling({ sizeMs: 5, time: 'ingestion' as never }),
      {},
      /'time' is 'event' or 'processing'/,
    ],
    ['an unknown emission', TUMBLING, { emit: 'updates' as never }, /'emit' is 'append', 'update' or 'complete'/],
    [
      'a misspelt option',
      TUMBLING,
      { allowedLateness: 5 } as never,
      /no option 'allowedLateness' of a window; did you mean 'allowedLatenessMs'/,
    ],
    ['negative lateness', TUMBLING, { allowedLatenessMs: -1 }, /'allowedLatenessMs' .* at least 0/],
    ['lateness of count windows', windows.count({ size: 2 }), { allowedLatenessMs: 1 }, /no meaning for count windows/],
    ['lateness of the global window', windows.global(), { allowedLatenessMs: 1 }, /no meaning for global windows/],
    [
      'lateness in processing time',
      windows.tumbling({ sizeMs: 10, time: 'processing' }),
      { allowedLatenessMs: 1 },
      /no meaning in processing time/,
    ],
    [
      'lateness of what is never late',
      TUMBLING,
      { emit: 'complete', allowedLatenessMs: 1 },
      /no meaning with emit 'comp/,
    ],
    [
      'sessions that are updated',
      windows.session({ gapMs: 5 }),
      { emit: 'update' },
      /'update' cannot be used with session/,
    ],
    ['early updates', TUMBLING, { emit: 'update', early: { everyMs: 5 } }, /'early' goes with 'append'/],
    ['an early that says nothing', TUMBLING, { early: {} }, /'early' says nothing/],
    ['early every 0 ms', TUMBLING, { early: { everyMs: 0 } }, /'early.everyMs'/],
    ['early every half record', TUMBLING, { early: { everyRecords: 0.5 } }, /'early.everyRecords'/],
    ['a period without complete', TUMBLING, { completeEveryMs: 5 }, /'completeEveryMs' goes with emit 'complete'/],
    [
      'complete count windows',
      windows.count({ size: 2 }),
      { emit: 'complete' },
      /'complete' cannot be used with count/,
    ],
    ['sliding count updates', windows.count({ size: 2, slide: 1 }), { emit: 'update' }, /full windows only/],
  ])('is refused with one sentence: %s', (_, definition, options, sentence) => {
    const problems = problemsOf(definition, options);

    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(sentence);
  });

  it('is told of every problem at once', () => {
    expect(problemsOf(windows.sliding({ sizeMs: 0, slideMs: -1 }), { emit: 'later' as never })).toHaveLength(3);
  });

  it('may be of any kind with any of its options right', () => {
    expect(problemsOf(windows.sliding({ sizeMs: 10, slideMs: 3, offsetMs: -7 }), { allowedLatenessMs: 5 })).toEqual([]);
    expect(problemsOf(windows.session({ gapMs: () => null }), { early: { everyMs: 1, everyRecords: 1 } })).toEqual([]);
    expect(problemsOf(windows.global(), { emit: 'complete', completeEveryMs: 5 })).toEqual([]);
    expect(problemsOf(windows.count({ size: 5, slide: 5 }), { emit: 'update' })).toEqual([]);
  });
});

describe('the fields of a window', () => {
  it('have to merge where windows are put together, and only there', () => {
    const fields = { last: UNMERGEABLE } as AggregatorFields<unknown>;

    for (const definition of [
      windows.sliding({ sizeMs: 2, slideMs: 1 }),
      windows.session({ gapMs: 5 }),
      windows.count({ size: 2, slide: 1 }),
    ]) {
      expect(problemsOf(definition, {}, fields)).toEqual([
        `the field 'last' cannot be used here: ${definition.kind} windows put results together, and the aggregate 'custom:last' has no 'merge'`,
      ]);
    }
    expect(problemsOf(TUMBLING, { early: { everyMs: 5 }, allowedLatenessMs: 5 }, fields)).toEqual([]);
  });

  it('may not have the names that a row has anyway', () => {
    const fields = { key: aggregates.count(), windowEnd: aggregates.count(), isFinal: aggregates.count() };

    expect(problemsOf(TUMBLING, {}, fields)).toHaveLength(2);
    expect(problemsOf(windows.global(), { early: { everyMs: 1 } }, fields)).toHaveLength(2);
  });
});

describe('the blueprint of windows', () => {
  it.each<[WindowDefinition<number>, WindowOptions]>([
    [TUMBLING, { early: { everyMs: 5 } }],
    [windows.calendar({ unit: 'day' }), {}],
    [windows.sliding({ sizeMs: 10, slideMs: 5 }), {}],
    [windows.session({ gapMs: 5, time: 'processing' }), { early: { everyMs: 5 } }],
    [windows.count({ size: 5 }), {}],
    [windows.count({ size: 5, slide: 2 }), {}],
    [windows.global(), {}],
  ])('declares the states that the operator opens: $kind', (definition, options) => {
    for (const fields of Object.values(FIELDS)) {
      const blueprint = windowBlueprint(definition, fields, options);
      const opened: unknown[] = [];
      const state = {
        value: (name: string) => void opened.push({ name, kind: 'value' }),
        map: (name: string) => void opened.push({ name, kind: 'map' }),
        timers: (domain: string) => {
          const timers = { name: `timers:${domain}`, kind: 'timers' };
          if (!opened.some((known) => JSON.stringify(known) === JSON.stringify(timers))) opened.push(timers);
        },
      };

      blueprint.create().open?.({ state } as never);

      const sorted = (list: readonly unknown[]) => list.map((each) => JSON.stringify(each)).sort();
      expect(sorted(opened)).toEqual(sorted(blueprint.states));
      expect(blueprint.outputs).toEqual(['main', 'late']);
    }
  });

  it('has another identity where the stored state would be misread', () => {
    const identity = (definition: WindowDefinition, options: WindowOptions = {}, fields = COUNT) =>
      JSON.stringify(windowBlueprint(definition, fields, options).identity);
    const known = identity(TUMBLING);

    expect(identity(windows.tumbling({ sizeMs: 10, offsetMs: 0, time: 'event' }))).toBe(known);
    for (const other of [
      identity(windows.tumbling({ sizeMs: 11 })),
      identity(windows.tumbling({ sizeMs: 10, offsetMs: 1 })),
      identity(windows.tumbling({ sizeMs: 10, time: 'processing' })),
      identity(TUMBLING, { emit: 'update' }),
      identity(TUMBLING, { allowedLatenessMs: 1 }),
      identity(TUMBLING, {}, { count: UNMERGEABLE } as never),
      identity(windows.sliding({ sizeMs: 10, slideMs: 5 })),
    ]) {
      expect(other).not.toBe(known);
    }
  });

  it('takes partial aggregates for as many records as they stand for', () => {
    const late: number[] = [];
    const { create } = windowBlueprint<{ records: number }>(TUMBLING, COUNT, {}, ({ records }) => records);
    const driven = new DrivenOperator({
      create,
      state: 'keyed',
      onEmit: () => {},
      onLate: (records) => late.push(records),
    });

    driven.process(recordOf({ records: 7 }, 'a', Number.NaN));

    expect(late).toEqual([7]);
    driven.close();
  });
});

describe('the pane of a record', () => {
  it('is a time in the same windows, for windows whose place no record decides', () => {
    expect(paneOfWindow(windows.tumbling({ sizeMs: 10, offsetMs: 3 }))!(12)).toBe(3);
    expect(paneOfWindow(windows.sliding({ sizeMs: 10, slideMs: 4 }))!(-1)).toBe(-2);
    expect(paneOfWindow(windows.calendar({ unit: 'day' }))!(25 * HOUR_MS)).toBe(24 * HOUR_MS);
    expect(paneOfWindow(windows.session({ gapMs: 10 }))).toBeUndefined();
    expect(paneOfWindow(windows.tumbling({ sizeMs: 10, time: 'processing' }))).toBeUndefined();
  });
});

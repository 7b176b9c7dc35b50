import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TimestampMs } from '../../../src/model/index.ts';
import {
  type JoinType,
  type WindowDefinition,
  type WindowJoinOptions,
  windowJoinBlueprint,
  windows,
} from '../../../src/operators/index.ts';
import {
  type Arrival,
  type Found,
  outcomesOf,
  outputOf,
  randomSteps,
  type Step,
  textsOf,
  watermarksOf,
} from './two-inputs.ts';

type Options = WindowJoinOptions<number, number, unknown>;

const TYPES: readonly JoinType[] = ['inner', 'left', 'right', 'full', 'semi', 'anti'];

const left = (id: number, time: number, key = 'k'): Step => ({ kind: 'left', key, time, id });
const right = (id: number, time: number, key = 'k'): Step => ({ kind: 'right', key, time, id });
const watermark = (time: number): Step => ({ kind: 'watermark', time });

const offset = fc.integer({ min: -7, max: 7 });
const fixed = fc.oneof(
  fc
    .record({ sizeMs: fc.integer({ min: 1, max: 20 }), offsetMs: offset })
    .map((options) => ({ kind: 'tumbling' as const, slideMs: options.sizeMs, ...options })),
  fc
    .record({ slideMs: fc.integer({ min: 1, max: 8 }), overMs: fc.integer({ min: 0, max: 17 }), offsetMs: offset })
    .map(({ slideMs, overMs, offsetMs }) => ({
      kind: 'sliding' as const,
      slideMs,
      sizeMs: slideMs + overMs,
      offsetMs,
    })),
);
type FixedWindow = typeof fixed extends fc.Arbitrary<infer W> ? W : never;

function createOf(options: Options) {
  const { problems, create } = windowJoinBlueprint(options);
  expect(problems).toEqual([]);
  return create;
}

function valuesOf(options: Options, ...steps: readonly Step[]): readonly unknown[][] {
  return outcomesOf(createOf(options), steps).map(({ main }) => main.map(({ value }) => value));
}

describe('a join within windows', () => {
  it('pairs all records of a key in one window when it closes, with the time end - 1', () => {
    const window = windows.tumbling({ sizeMs: 10 });
    const steps = [
      left(0, 10),
      right(1, 19),
      right(2, 20),
      left(3, 12),
      right(4, 15, 'other'),
      watermark(19),
      watermark(20),
    ];
    const outcomes = outcomesOf(createOf({ window }), steps);

    expect(outcomes.map(({ main }) => main.length)).toEqual([0, 0, 0, 0, 0, 0, 2, 0]);
    expect(outcomes[6]!.main.map(({ key, value, timestamp }) => ({ key, value, timestamp }))).toEqual([
      { key: 'k', value: { left: 0, right: 1, windowStart: 10, windowEnd: 20 }, timestamp: 19 },
      { key: 'k', value: { left: 3, right: 1, windowStart: 10, windowEnd: 20 }, timestamp: 19 },
    ]);
  });

  it('takes a record into those of its windows that are open, and calls it late when none is', () => {
    const window = windows.sliding({ sizeMs: 10, slideMs: 5 });
    const outcomes = outcomesOf(
      createOf({ window, type: 'left', select: (id, _, { start, end }) => [id, start, end] }),
      [watermark(10), left(1, 7), left(2, 4), left(3, Number.NaN)],
    );

    expect(outcomes.flatMap(({ main }) => main.map(({ value }) => value))).toEqual([[1, 5, 15]]);
    expect(outcomes.map(({ late }) => late.map(({ value }) => value))).toEqual([[], [], [2], [3], []]);
  });

  it('emits left values alone by semi and anti join', () => {
    const window = windows.tumbling({ sizeMs: 10 });
    const steps = [left(0, 1), right(1, 2), right(2, 3), left(3, 11), left(4, 5)];

    expect(valuesOf({ window, type: 'semi' }, ...steps).flat()).toEqual([0, 4]);
    expect(valuesOf({ window, type: 'anti' }, ...steps).flat()).toEqual([3]);
  });

  it('keeps to the days of a time zone', () => {
    const window = windows.calendar({ unit: 'day', timeZone: 'Europe/Berlin' });
    const start = Date.UTC(2026, 2, 28, 23);
    const end = Date.UTC(2026, 2, 29, 22);
    const steps = [left(0, start - 1), right(1, start), left(2, end - 1), right(3, end)];

    expect(valuesOf({ window }, ...steps).flat()).toEqual([{ left: 2, right: 1, windowStart: start, windowEnd: end }]);
  });

  it('passes the watermark on, one millisecond less where a window ends at the next one', () => {
    const operator = createOf({ window: windows.tumbling({ sizeMs: 10 }) })();
    const passed = [7, 8, 9, 9.5, 10, 11, -1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY].map((watermark) =>
      operator.outputWatermark!(watermark),
    );

    expect(passed).toEqual([7, 8, 8, 8, 10, 11, -2, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  it.each(TYPES)('emits what loops over all windows find, each row when its window closes: %s', (type) => {
    const inputs = fc.tuple(fixed, fc.oneof(randomSteps({ pace: 1 }), randomSteps({ pace: 0.2, stepsMax: 120 })));
    fc.assert(
      fc.property(inputs, ([window, steps]) => {
        const outcomes = outcomesOf(createOf({ type, window, select: rowOf }), steps);

        const { found, late } = loopOverWindows(type, window, steps);
        expect(outcomes.map(({ main }) => textsOf(main))).toEqual(found.map(textsOf));
        expect(outcomes.flatMap((outcome) => outcome.late.map(({ value }) => value))).toEqual(late);
      }),
    );
  });

  it('emits the same restored behind every step, or with its outputs full', () => {
    fc.assert(
      fc.property(fc.tuple(fixed, randomSteps({ pace: 1, stepsMax: 30 })), ([window, steps]) => {
        const [main] = outputOf(createOf({ type: 'full', window, select: rowOf }), steps);

        expect(textsOf(main!)).toEqual(textsOf(loopOverWindows('full', window, steps).found.flat()));
      }),
      { numRuns: 30 },
    );
  });
});

describe('the blueprint of a window join', () => {
  const problemsOf = (options: unknown): readonly string[] => windowJoinBlueprint(options as Options).problems;

  it.each<[WindowDefinition, string]>([
    [
      windows.session({ gapMs: 5 }),
      "a window join takes tumbling, sliding or calendar windows, whose times no record moves, not 'session'",
    ],
    [
      windows.count({ size: 5 }),
      "a window join takes tumbling, sliding or calendar windows, whose times no record moves, not 'count'",
    ],
    [windows.tumbling({ sizeMs: 5, time: 'processing' }), "a window join goes by event time: leave out 'time'"],
    [windows.tumbling({ sizeMs: 0 }), "'sizeMs' is a whole number of milliseconds, at least 1, not 0"],
    [
      windows.sliding({ sizeMs: 5, slideMs: 6 }),
      "'slideMs' (6) is more than 'sizeMs' (5): records between two windows would be in none",
    ],
    [
      windows.calendar({ unit: 'day', timeZone: 'Europe/Nowhere' }),
      "the time zone 'Europe/Nowhere' is not known here; give an IANA name, for instance 'America/New_York', or 'UTC'",
    ],
  ])('refuses %j', (window, problem) => {
    expect(problemsOf({ window })).toEqual([problem]);
  });

  it('pins type and window', () => {
    const { identity, label } = windowJoinBlueprint({
      type: 'left',
      window: windows.sliding({ sizeMs: 60_000, slideMs: 10_000 }),
    });

    expect(identity).toEqual({ type: 'left', window: 'sliding', sizeMs: 60_000, slideMs: 10_000, offsetMs: 0 });
    expect(label).toBe('left join in sliding windows of 60000 ms every 10000 ms');
  });
});

function rowOf(a: number | null, b: number | null, { start, end }: { readonly start: number; readonly end: number }) {
  return [a, b, start, end];
}

function loopOverWindows(
  type: JoinType,
  { sizeMs, slideMs, offsetMs }: FixedWindow,
  steps: readonly Step[],
): { readonly found: readonly Found[][]; readonly late: readonly number[] } {
  const watermarks = watermarksOf(steps);
  const found = watermarks.map((): Found[] => []);
  const arrivals = steps.filter((taken): taken is Arrival => taken.kind !== 'watermark');
  const starts = startsAround(arrivals, sizeMs, slideMs, offsetMs);
  const isIn = ({ time }: Arrival, start: TimestampMs): boolean => start <= time && time < start + sizeMs;
  const isOpen = ({ id }: Arrival, start: TimestampMs): boolean => start + sizeMs > watermarks[id]!;
  const late = arrivals.filter((one) => !starts.some((start) => isIn(one, start) && isOpen(one, start)));
  for (const start of starts) {
    const end = start + sizeMs;
    const members = arrivals.filter((one) => isIn(one, start) && isOpen(one, start));
    for (const key of new Set(members.map((one) => one.key))) {
      const idsOf = (kind: Step['kind']): (number | null)[] =>
        members.filter((one) => one.key === key && one.kind === kind).map(({ id }) => id);
      const closes = watermarks.findIndex((reached) => end <= reached);
      for (const [a, b] of pairsOf(type, idsOf('left'), idsOf('right'))) {
        found[closes]!.push({ key, value: [a, b, start, end], timestamp: end - 1 });
      }
    }
  }
  return { found, late: late.map(({ id }) => id) };
}

function pairsOf(
  type: JoinType,
  lefts: (number | null)[],
  rights: (number | null)[],
): [number | null, number | null][] {
  const all = (as: (number | null)[], bs: (number | null)[]): [number | null, number | null][] =>
    as.flatMap((a) => bs.map((b): [number | null, number | null] => [a, b]));
  if (type === 'semi') return rights.length > 0 ? all(lefts, [null]) : [];
  if (type === 'anti') return rights.length === 0 ? all(lefts, [null]) : [];
  const pairs = all(lefts, rights);
  if (rights.length === 0 && (type === 'left' || type === 'full')) pairs.push(...all(lefts, [null]));
  if (lefts.length === 0 && (type === 'right' || type === 'full')) pairs.push(...all([null], rights));
  return pairs;
}

/** All starts `offset + k * slide` of windows that could hold one of the records. */
function startsAround(arrivals: readonly Arrival[], sizeMs: number, slideMs: number, offsetMs: number): number[] {
  if (arrivals.length === 0) return [];
  const times = arrivals.map(({ time }) => time);
  const starts: number[] = [];
  const first = Math.ceil((Math.min(...times) - sizeMs - offsetMs) / slideMs) - 1;
  for (let k = first; k * slideMs + offsetMs <= Math.max(...times); k++) starts.push(k * slideMs + offsetMs);
  return starts;
}

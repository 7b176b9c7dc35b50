import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { END_OF_TIME, StreamRecord, TIME_UNSET } from '../../../src/model/index.ts';
import {
  type JoinType,
  type StreamJoinOptions,
  streamJoinBlueprint,
  type TimeRange,
} from '../../../src/operators/index.ts';
import { DrivenOperator } from '../../../src/testing/driven-operator.ts';
import {
  type Arrival,
  type Found,
  outcomesOf,
  outputOf,
  randomSteps,
  recordOf,
  type Step,
  sortOutLate,
  textsOf,
  watermarksOf,
} from './two-inputs.ts';

type Options = StreamJoinOptions<number, number, unknown>;

const TYPES: readonly JoinType[] = ['inner', 'left', 'right', 'full', 'semi', 'anti'];

const ranges = fc
  .tuple(fc.integer({ min: -10, max: 25 }), fc.integer({ min: 0, max: 30 }))
  .map(([beforeMs, widthMs]) => ({ beforeMs, afterMs: widthMs - beforeMs }));

const left = (id: number, time: number, key = 'k'): Step => ({ kind: 'left', key, time, id });
const right = (id: number, time: number, key = 'k'): Step => ({ kind: 'right', key, time, id });
const watermark = (time: number): Step => ({ kind: 'watermark', time });

function createOf(options: Options) {
  const { problems, create } = streamJoinBlueprint(options);
  expect(problems).toEqual([]);
  return create;
}

/** Values of the main output, step by step. */
function valuesOf(options: Options, ...steps: readonly Step[]): readonly unknown[][] {
  return outcomesOf(createOf(options), steps).map(({ main }) => main.map(({ value }) => value));
}

describe('a join of two streams by time', () => {
  it('pairs records of one key whose times are in the range, both bounds included', () => {
    const within = { beforeMs: 5, afterMs: 10 };
    const steps = [left(0, 100), right(1, 94), right(2, 95), right(3, 110), right(4, 111), right(5, 100, 'other')];

    expect(valuesOf({ within }, ...steps)).toEqual([
      [],
      [],
      [{ left: 0, right: 2 }],
      [{ left: 0, right: 3 }],
      [],
      [],
      [],
    ]);
  });

  it('gives a pair the greater of two times, and the key of both', () => {
    const [, second, third] = outcomesOf(createOf({ within: { beforeMs: 5, afterMs: 5 } }), [
      left(0, 10),
      right(1, 7),
      right(2, 12),
    ]);

    expect(second!.main).toEqual([new StreamRecord({ left: 0, right: 1 }, 'k', 10, 1)]);
    expect(third!.main).toEqual([new StreamRecord({ left: 0, right: 2 }, 'k', 12, 2)]);
  });

  it('emits a null row once the watermark is behind the last time that could match, and not at it', () => {
    const steps = [left(0, 10), right(1, 10, 'other'), watermark(15), watermark(16)];

    expect(valuesOf({ type: 'full', within: { beforeMs: 5, afterMs: 5 } }, ...steps)).toEqual([
      [],
      [],
      [],
      [
        { left: 0, right: null },
        { left: null, right: 1 },
      ],
      [],
    ]);
  });

  it('emits a row that nothing can match any more when it comes', () => {
    // Right records of at most 3 are wanted, and those are late.
    const within = { beforeMs: 20, afterMs: -8 };
    const steps = [watermark(10), left(0, 11)];

    expect(valuesOf({ type: 'left', within }, ...steps)).toEqual([[], [{ left: 0, right: null }], []]);
    expect(valuesOf({ type: 'anti', within }, ...steps)).toEqual([[], [0], []]);
    expect(valuesOf({ type: 'inner', within }, ...steps)).toEqual([[], [], []]);
  });

  it('passes left records on once by semi join, however many they meet, under their own times', () => {
    const steps = [left(0, 10), right(1, 14), right(2, 15), left(3, 16), watermark(50)];
    const outcomes = outcomesOf(createOf({ type: 'semi', within: { beforeMs: 5, afterMs: 5 } }), steps);

    expect(outcomes.map(({ main }) => main.map(({ value, timestamp }) => [value, timestamp]))).toEqual([
      [],
      [[0, 10]],
      [],
      [[3, 16]],
      [],
      [],
    ]);
  });

  it('makes values by select, which sees null where a side is missing', () => {
    const select = (a: number | null, b: number | null): string => `${a}|${b}`;
    const steps = [left(0, 10), left(1, 90), right(2, 90), right(3, 10, 'other'), watermark(60)];
    const all = (type: JoinType): unknown[] =>
      valuesOf({ type, within: { beforeMs: 5, afterMs: 5 }, select }, ...steps).flat();

    expect(all('full').sort()).toEqual(['0|null', '1|2', 'null|3']);
    expect(all('semi')).toEqual(['1|null']);
    expect(all('anti')).toEqual(['0|null']);
  });

  it('sends late records of either side, at the watermark or before it, to the late output as they are', () => {
    const outcomes = outcomesOf(createOf({ type: 'full', within: { beforeMs: 5, afterMs: 5 } }), [
      watermark(10),
      left(1, 10),
      right(2, 9),
      left(3, Number.NaN),
      left(4, Number.POSITIVE_INFINITY),
      left(5, 11),
    ]);

    expect(outcomes.map(({ late }) => late.map(({ value }) => value))).toEqual([[], [1], [2], [3], [4], [], []]);
    expect(outcomes.flatMap(({ main }) => main)).toHaveLength(1);
  });

  it('keeps what has a retention so long, and pairs nothing further apart, whatever the watermark', () => {
    const steps = [left(0, 100), right(1, 150), right(2, 151), right(3, 50), right(4, 49)];

    expect(valuesOf({ retentionMs: 50 }, ...steps).flat()).toEqual([
      { left: 0, right: 1 },
      { left: 0, right: 3 },
    ]);
  });

  it.each(TYPES)('emits what nested loops over all records find, each row at its moment: %s', (type) => {
    const inputs = fc.tuple(ranges, fc.oneof(randomSteps({ pace: 1 }), randomSteps({ pace: 0.2, stepsMax: 150 })));
    fc.assert(
      fc.property(inputs, ([within, steps]) => {
        const outcomes = outcomesOf(createOf({ type, within }), steps);

        const expected = nestedLoops(type, within, steps);
        expect(outcomes.map(({ main }) => textsOf(main))).toEqual(expected.map(textsOf));
        const late = sortOutLate(steps).late.map(({ id }) => id);
        expect(outcomes.flatMap((outcome) => outcome.late.map(({ value }) => value))).toEqual(late);
      }),
    );
  });

  it.each(TYPES)('emits the same restored behind every step, or with its outputs full: %s', (type) => {
    fc.assert(
      fc.property(fc.tuple(ranges, randomSteps({ pace: 1, stepsMax: 30 })), ([within, steps]) => {
        const [main] = outputOf(createOf({ type, within }), steps);

        expect(textsOf(main!)).toEqual(textsOf(nestedLoops(type, within, steps).flat()));
      }),
      { numRuns: 30 },
    );
  });

  it('emits pairs in the order of the times that a record meets, ties in the order in which they came', () => {
    const steps = [right(0, 12), right(1, 10), right(2, 12), right(3, 11), left(4, 11)];
    const pairs = valuesOf({ within: { beforeMs: 5, afterMs: 5 } }, ...steps).flat();

    expect(pairs).toEqual([1, 3, 0, 2].map((id) => ({ left: 4, right: id })));
  });
});

describe('the timer of a key in a join', () => {
  const drivenBy = (options: Options): DrivenOperator =>
    new DrivenOperator({ create: createOf(options), state: 'keyed', onEmit: () => {} });
  const timesOf = (driven: DrivenOperator): readonly number[] => driven.timers().map(({ at }) => at);
  const add = (driven: DrivenOperator, ...steps: readonly Step[]): void => {
    for (const taken of steps) {
      if (taken.kind === 'watermark') driven.advanceWatermark(taken.time);
      else if (taken.kind === 'left') driven.process(recordOf(taken));
      else driven.processSecond(recordOf(taken));
    }
  };

  it('is the only one, at the end of its first row, and moves with it', () => {
    const driven = drivenBy({ type: 'full', within: { beforeMs: 3, afterMs: 7 } });

    add(driven, left(0, 50), left(1, 60));
    expect(timesOf(driven)).toEqual([58]);
    add(driven, right(2, 52));
    expect(timesOf(driven)).toEqual([56]);
    add(driven, left(3, 45), left(4, 49, 'other'));
    expect(timesOf(driven)).toEqual([53, 57]);
    add(driven, watermark(57));
    expect(timesOf(driven)).toEqual([58]);
    add(driven, watermark(58));
    expect(timesOf(driven)).toEqual([68]);
  });

  it('ends many rows together where nothing is emitted for them', () => {
    const driven = drivenBy({ within: { beforeMs: 800, afterMs: 800 } });

    add(driven, ...Array.from({ length: 100 }, (_, id) => left(id, id)));
    expect(timesOf(driven)).toEqual([900]);
    add(driven, watermark(900));
    expect(driven.readState('k')).toEqual({});
  });

  it('is gone when a semi join has emitted all left records', () => {
    const driven = drivenBy({ type: 'semi', within: { beforeMs: 0, afterMs: 8 } });

    add(driven, left(0, 10), left(1, 10));
    expect(timesOf(driven)).toEqual([19]);
    add(driven, right(2, 12));
    expect(timesOf(driven)).toEqual([13]);
  });
});

describe('the watermark behind a join', () => {
  const lagOf = (type: JoinType, beforeMs: number, afterMs: number): number =>
    100 - createOf({ type, within: { beforeMs, afterMs } })().outputWatermark!(100);

  it('is the one before it where only pairs come, and lower by the reach of rows under their own times', () => {
    expect(TYPES.map((type) => lagOf(type, 3, 7))).toEqual([0, 8, 4, 8, 8, 8]);
    expect(TYPES.map((type) => lagOf(type, 7, 3))).toEqual([0, 4, 8, 8, 4, 4]);
    expect(TYPES.map((type) => lagOf(type, 30, -5))).toEqual([0, 0, 31, 31, 0, 0]);
  });

  it('is unset before there is any, and the end of time at the end', () => {
    const operator = createOf({ type: 'full', within: { beforeMs: 3, afterMs: 7 } })();

    expect(operator.outputWatermark!(TIME_UNSET)).toBe(TIME_UNSET);
    expect(operator.outputWatermark!(END_OF_TIME)).toBe(END_OF_TIME);
  });
});

describe('the blueprint of a join by time', () => {
  const problemsOf = (options: unknown): readonly string[] => streamJoinBlueprint(options as Options).problems;

  it('refuses a join without bounds, and says what bounds it', () => {
    expect(problemsOf({})).toEqual([
      "a join without bounds would keep every record of both sides for ever: give 'within', how far apart in event time two records may be, or 'retentionMs', how long each is kept",
    ]);
    expect(problemsOf({ type: 'left' })).toEqual([
      "a join without bounds would keep every record of both sides for ever: give 'within', how far apart in event time two records may be",
    ]);
  });

  it.each([
    [{ type: 'iner', within: { beforeMs: 0, afterMs: 0 } }, "there is no join of type 'iner' here; use 'inner'"],
    [
      { type: 'left', retentionMs: 5 },
      "'retentionMs' goes with the types 'inner' and 'semi' only: a join of type 'left' has to know when nothing can match any more, so give 'within'",
    ],
    [
      { retentionMs: 5, within: { beforeMs: 0, afterMs: 0 } },
      "'within' already says how long a record is kept: leave out 'retentionMs'",
    ],
    [{ retentionMs: -1 }, "'retentionMs' is a whole number of milliseconds, at least 0, not -1"],
    [{ within: { beforeMs: 0.5, afterMs: 1 } }, "'within.beforeMs' is a whole number of milliseconds, not 0.5"],
    [{ within: { beforeMs: 1 } }, "'within.afterMs' is a whole number of milliseconds, not undefined"],
    [
      { within: { beforeMs: 2, afterMs: -3 } },
      "'within' is empty: no time is at least -2 ms and at most -3 ms after another; beforeMs + afterMs must not be negative",
    ],
  ])('refuses %j', (options, problem) => {
    expect(problemsOf(options)).toEqual([problem]);
  });

  it('pins type and range, and declares what the operator keeps', () => {
    const { kind, label, identity, states, outputs } = streamJoinBlueprint({
      type: 'full',
      within: { beforeMs: 1, afterMs: 2 },
    });

    expect({ kind, label, identity, outputs }).toEqual({
      kind: 'join',
      label: 'full join, from 1 ms before to 2 ms after',
      identity: { type: 'full', beforeMs: 1, afterMs: 2 },
      outputs: ['main', 'late'],
    });
    expect(states.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'leftIndex value',
      'leftRows map',
      'rightIndex value',
      'rightRows map',
      'timers:event timers',
    ]);
  });
});

/** The join as a program over all records at once. One list for each step, the end of time included. */
function nestedLoops(type: JoinType, { beforeMs, afterMs }: TimeRange, steps: readonly Step[]): readonly Found[][] {
  const { accepted } = sortOutLate(steps);
  const watermarks = watermarksOf(steps);
  const found = watermarks.map((): Found[] => []);
  const lefts = accepted.filter(({ kind }) => kind === 'left');
  const rights = accepted.filter(({ kind }) => kind === 'right');
  const isMatch = (l: Arrival, r: Arrival): boolean =>
    l.key === r.key && l.time - beforeMs <= r.time && r.time <= l.time + afterMs;
  const endStep = ({ id, time }: Arrival, reachMs: number): number =>
    watermarks.findIndex((watermark, at) => at >= id && time + reachMs < watermark);
  for (const l of lefts) {
    const matches = rights.filter((r) => isMatch(l, r));
    const own = (value: unknown): Found => ({ key: l.key, value, timestamp: l.time });
    if (type === 'semi' && matches.length > 0)
      found[Math.max(l.id, Math.min(...matches.map(({ id }) => id)))]!.push(own(l.id));
    if (type === 'anti' && matches.length === 0) found[endStep(l, afterMs)]!.push(own(l.id));
    if (type === 'semi' || type === 'anti') continue;
    for (const r of matches) {
      const pair = { left: l.id, right: r.id };
      found[Math.max(l.id, r.id)]!.push({ key: l.key, value: pair, timestamp: Math.max(l.time, r.time) });
    }
    if ((type === 'left' || type === 'full') && matches.length === 0) {
      found[endStep(l, afterMs)]!.push(own({ left: l.id, right: null }));
    }
  }
  for (const r of rights) {
    if ((type !== 'right' && type !== 'full') || lefts.some((l) => isMatch(l, r))) continue;
    found[endStep(r, beforeMs)]!.push({ key: r.key, value: { left: null, right: r.id }, timestamp: r.time });
  }
  return found;
}

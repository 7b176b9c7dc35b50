import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamRecord } from '../../../src/model/index.ts';
import { type TableJoinOptions, tableJoinBlueprint } from '../../../src/operators/index.ts';
import { DrivenOperator } from '../../../src/testing/driven-operator.ts';
import {
  type Found,
  outcomesOf,
  outputOf,
  randomSteps,
  type Step,
  sortOutLate,
  textsOf,
  watermarksOf,
} from './two-inputs.ts';

type Options = TableJoinOptions<number, number, unknown>;

/** Versions of such steps end the row. */
const isDelete = (id: number): boolean => id % 4 === 0;

const record = (id: number, time: number, key = 'k'): Step => ({ kind: 'left', key, time, id });
const version = (id: number, time: number, key = 'k'): Step => ({ kind: 'right', key, time, id });
const watermark = (time: number): Step => ({ kind: 'watermark', time });

function valuesOf(options: Options, ...steps: readonly Step[]): readonly unknown[][] {
  const outcomes = outcomesOf(tableJoinBlueprint(options).create, steps, { isStateKept: true });
  return outcomes.map(({ main }) => main.map(({ value }) => value));
}

describe('a join with a table at the time of the record', () => {
  it('waits for the watermark to come to the time of the record, then takes the latest version at or before it', () => {
    const steps = [record(0, 20), version(1, 21), version(2, 10), watermark(19), version(3, 20), watermark(20)];

    expect(valuesOf({}, ...steps)).toEqual([[], [], [], [], [], [{ left: 0, right: 3 }], []]);
  });

  it('takes of two versions of one time the one that came last', () => {
    expect(valuesOf({}, version(0, 5), version(1, 5), record(2, 5), watermark(5)).flat()).toEqual([
      { left: 2, right: 1 },
    ]);
  });

  it('drops a record without a row, or keeps it with null', () => {
    const steps = [record(1, 4), version(2, 5), version(3, 5, 'other'), version(4, 7), record(5, 6), record(6, 8)];

    expect(valuesOf({ isDelete }, ...steps).flat()).toEqual([{ left: 5, right: 2 }]);
    expect(valuesOf({ isDelete, type: 'left' }, ...steps).flat()).toEqual([
      { left: 1, right: null },
      { left: 5, right: 2 },
      { left: 6, right: null },
    ]);
  });

  it('emits the records of a key in the order of their times, under their own times', () => {
    const create = tableJoinBlueprint({ type: 'left', select: (left) => left }).create;
    const outcomes = outcomesOf(create, [record(0, 9), record(1, 3), record(2, 9), record(3, 5), watermark(50)]);

    expect(outcomes.flatMap(({ main }) => main.map(({ value, timestamp }) => [value, timestamp]))).toEqual([
      [1, 3],
      [3, 5],
      [0, 9],
      [2, 9],
    ]);
  });

  it('sends late records and late versions to the late output', () => {
    const steps = [watermark(10), record(1, 10), version(2, 9), record(3, Number.NaN), record(5, 11)];
    const outcomes = outcomesOf(tableJoinBlueprint({ type: 'left' }).create, steps);

    expect(outcomes.flatMap(({ late }) => late.map(({ value }) => value))).toEqual([1, 2, 3]);
    expect(outcomes.flatMap(({ main }) => main.map(({ value }) => value))).toEqual([{ left: 5, right: null }]);
  });

  it('keeps of a key only the version in force and the later ones, and nothing where it has ended', () => {
    const driven = new DrivenOperator({
      create: tableJoinBlueprint({ isDelete }).create,
      state: 'keyed',
      onEmit: () => {},
    });
    const add = (id: number, time: number): void => driven.processSecond(new StreamRecord(id, 'k', time, 0));
    const versions = (): unknown => {
      const chunks = (driven.readState('k')['versionsRows'] ?? []) as readonly [number, { value: number }[]][];
      return chunks.flatMap(([, rows]) => rows.map(({ value }) => value));
    };
    for (const id of [1, 2, 3, 5, 6]) add(id, id * 10);

    driven.advanceWatermark(35);
    expect(versions()).toEqual([3, 5, 6]);
    driven.advanceWatermark(200);
    expect(versions()).toEqual([6]);
    expect(driven.timers()).toEqual([]);
    add(4, 210);
    driven.advanceWatermark(210);
    expect(driven.readState('k')).toEqual({});
    expect(driven.timers()).toEqual([]);
  });

  it('lets no version go that a waiting record still asks for', () => {
    const steps = [version(1, 10), version(2, 20), version(3, 24), version(5, 40), record(6, 25), record(7, 12)];

    expect(valuesOf({}, ...steps, watermark(22), watermark(100)).flat()).toEqual([
      { left: 7, right: 1 },
      { left: 6, right: 3 },
    ]);
  });

  it.each(['inner', 'left'] as const)('emits what a look at all versions finds, each row at its moment: %s', (type) => {
    const inputs = fc.oneof(randomSteps({ pace: 1 }), randomSteps({ pace: 0.2, stepsMax: 150 }));
    fc.assert(
      fc.property(inputs, (steps) => {
        const outcomes = outcomesOf(tableJoinBlueprint({ type, isDelete }).create, steps, { isStateKept: true });

        const expected = lookUp(type, steps);
        expect(outcomes.map(({ main }) => textsOf(main))).toEqual(expected.map(textsOf));
        const late = sortOutLate(steps).late.map(({ id }) => id);
        expect(outcomes.flatMap((outcome) => outcome.late.map(({ value }) => value))).toEqual(late);
      }),
    );
  });

  it('emits the same restored behind every step, or with its outputs full', () => {
    fc.assert(
      fc.property(randomSteps({ pace: 1, stepsMax: 30 }), (steps) => {
        const [main] = outputOf(tableJoinBlueprint({ type: 'left', isDelete }).create, steps);

        expect(textsOf(main!)).toEqual(textsOf(lookUp('left', steps).flat()));
      }),
      { numRuns: 30 },
    );
  });

  it('is described with its type, which is pinned', () => {
    const { label, identity, outputs, problems } = tableJoinBlueprint({ type: 'left' });

    expect({ label, identity, outputs, problems }).toEqual({
      label: 'left join, row at the time of the record',
      identity: { type: 'left' },
      outputs: ['main', 'late'],
      problems: [],
    });
    expect(tableJoinBlueprint({ type: 'full' as 'left' }).problems).toEqual([
      "there is no join of type 'full' here; use one of 'inner', 'left'",
    ]);
  });
});

function lookUp(type: 'inner' | 'left', steps: readonly Step[]): readonly Found[][] {
  const { accepted } = sortOutLate(steps);
  const watermarks = watermarksOf(steps);
  const found = watermarks.map((): Found[] => []);
  for (const left of accepted.filter(({ kind }) => kind === 'left')) {
    const [row] = accepted
      .filter(({ kind, key, time }) => kind === 'right' && key === left.key && time <= left.time)
      .toSorted((a, b) => b.time - a.time || b.id - a.id);
    const right = row === undefined || isDelete(row.id) ? null : row.id;
    if (right === null && type === 'inner') continue;
    const at = watermarks.findIndex((reached, index) => index >= left.id && left.time <= reached);
    found[at]!.push({ key: left.key, value: { left: left.id, right }, timestamp: left.time });
  }
  return found;
}

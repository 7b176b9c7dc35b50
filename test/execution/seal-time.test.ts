import { describe, expect, it } from 'vitest';
import { sealTime } from '../../src/execution/seal-time.ts';
import { END_OF_TIME, type SubtaskSnapshot, type SubtaskTime } from '../../src/model/index.ts';
import type { PhysicalPlan } from '../../src/plan/index.ts';
import { snapshotOf } from '../support/snapshots.ts';

const stageOf = (index: number, id: string) => ({ index, chain: [{ node: { id } }] });
const plan = { stages: [stageOf(0, 'in'), stageOf(1, 'window')] } as unknown as PhysicalPlan;

function partOf(subtask: string, time: Partial<SubtaskTime>): SubtaskSnapshot {
  const none: SubtaskTime = {
    watermark: END_OF_TIME,
    splits: {},
    nextEventTimer: END_OF_TIME,
    nextProcessingTimer: END_OF_TIME,
    now: 0,
    late: {},
  };
  return { ...snapshotOf({ subtask, epoch: 1 }), time: { ...none, ...time } };
}

describe('where a job stands in time behind an epoch', () => {
  it('is for each stage where its slowest subtask stands', () => {
    const parts = [
      partOf('0.0', { watermark: 70 }),
      partOf('0.1', { watermark: END_OF_TIME }),
      partOf('1.0', { watermark: 50 }),
      partOf('1.1', { watermark: 40 }),
    ];

    expect(sealTime(parts, undefined, plan, 'min').stages).toEqual({ in: 70, window: 40 });
  });

  it('has the earliest timer of each clock', () => {
    const parts = [
      partOf('0.0', {}),
      partOf('1.0', { nextEventTimer: 9, nextProcessingTimer: 800 }),
      partOf('1.1', { nextEventTimer: -3, nextProcessingTimer: 900 }),
    ];

    expect(sealTime(parts, undefined, plan, 'min')).toMatchObject({ nextEventTimer: -3, nextProcessingTimer: 800 });
  });

  it('keeps splits that nobody read in this epoch, and adds up what was late', () => {
    const first = sealTime([partOf('0.0', { splits: { a: 5, b: 6 }, late: { window: 2 } })], undefined, plan, 'max');
    const parts = [partOf('0.0', { splits: { a: 8 } }), partOf('1.0', { late: { window: 1, other: 3 } })];

    const second = sealTime(parts, first, plan, 'max');

    expect(second).toMatchObject({ policy: 'max', splits: { in: { a: 8, b: 6 } }, late: { window: 3, other: 3 } });
  });

  it('adds up records without event time by split, from epochs that say nothing of them as well', () => {
    const none = sealTime([partOf('0.0', { splits: { a: 5 } })], undefined, plan, 'min');
    const ofProto = Object.fromEntries([['__proto__', 1]]);

    const first = sealTime(
      [partOf('0.0', { untimed: { a: 2 } }), partOf('0.1', { untimed: ofProto })],
      none,
      plan,
      'min',
    );
    const second = sealTime([partOf('0.0', { untimed: { a: 1, b: 4 } })], first, plan, 'min');
    const third = sealTime([partOf('0.0', {})], second, plan, 'min');

    expect(none).not.toHaveProperty('untimed');
    expect(Object.entries(third.untimed!['in']!)).toEqual([
      ['a', 3],
      ['__proto__', 1],
      ['b', 4],
    ]);
  });

  it('is at the wall clock that an operator saw last, and never behind where it was', () => {
    const parts = [partOf('0.0', { now: 700 }), partOf('1.0', { now: 800 })];
    const behind = sealTime(parts, undefined, plan, 'min');
    expect(behind.now).toBe(800);
    expect(sealTime([partOf('0.0', { now: 750 }), partOf('1.0', { now: 790 })], behind, plan, 'min').now).toBe(800);
  });
});

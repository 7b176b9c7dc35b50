import { describe, expect, it } from 'vitest';
import { sealTime } from '../../src/execution/seal-time.ts';
import { type CheckpointTime, END_OF_TIME, type SubtaskTime } from '../../src/model/index.ts';
import type { PhysicalPlan } from '../../src/plan/physical-plan.ts';
import { snapshotOf } from '../support/snapshots.ts';

const plan = {
  stages: ['in', 'windows'].map((id, index) => ({ index, chain: [{ node: { id } }] })),
} as unknown as PhysicalPlan;

const NOTHING: SubtaskTime = {
  watermark: 0,
  splits: {},
  nextEventTimer: END_OF_TIME,
  nextProcessingTimer: END_OF_TIME,
  late: {},
};

const part = (subtask: string, time: Partial<SubtaskTime>) =>
  snapshotOf({ subtask, epoch: 3, time: { ...NOTHING, ...time } });

const PREVIOUS: CheckpointTime = {
  policy: 'min',
  splits: { in: { a: 10, b: 20 } },
  stages: { in: 5, windows: 5 },
  nextEventTimer: 1,
  nextProcessingTimer: 2,
  late: { windows: 3, joined: 1 },
};

describe('the time of an epoch', () => {
  it('keeps the splits that nobody read, and takes on what the others have seen', () => {
    const { splits } = sealTime([part('0.0', { splits: { a: 40 } }), part('1.0', {})], PREVIOUS, plan, 'min');

    expect(splits).toEqual({ in: { a: 40, b: 20 } });
  });

  it('has the watermark of the slowest subtask of each stage', () => {
    const parts = [part('0.0', { watermark: 9 }), part('1.0', { watermark: 8 }), part('1.1', { watermark: 7 })];

    expect(sealTime(parts, undefined, plan, 'max')).toMatchObject({ policy: 'max', stages: { in: 9, windows: 7 } });
  });

  it('has the earliest timers of all, and forgets those of the epoch before', () => {
    const parts = [
      part('0.0', {}),
      part('1.0', { nextEventTimer: 70, nextProcessingTimer: 900 }),
      part('1.1', { nextEventTimer: 60 }),
    ];

    expect(sealTime(parts, PREVIOUS, plan, 'min')).toMatchObject({ nextEventTimer: 60, nextProcessingTimer: 900 });
  });

  it('counts late records over all epochs', () => {
    const parts = [part('1.0', { late: { windows: 2 } }), part('1.1', { late: { windows: 1, other: 4 } })];

    expect(sealTime(parts, PREVIOUS, plan, 'min').late).toEqual({ windows: 6, joined: 1, other: 4 });
  });

  it('takes split names for data', () => {
    const splits = JSON.parse('{"__proto__": 7}') as Record<string, number>;

    const sealed = sealTime([part('0.0', { splits })], undefined, plan, 'min');

    expect(Object.entries(sealed.splits['in']!)).toEqual([['__proto__', 7]]);
  });
});

import { describe, expect, it } from 'vitest';
import { EpochTracker } from '../../src/execution/epoch-tracker.ts';
import { snapshotOf } from '../support/snapshots.ts';

describe('the epoch tracker', () => {
  it('is complete when every subtask has delivered, in whatever order (I3)', () => {
    const tracker = new EpochTracker(['0.0', '0.1', '1.0'], 1, 0);
    tracker.begin();

    const verdicts = ['1.0', '0.0', '0.1'].map((subtask) => tracker.add(snapshotOf({ subtask, epoch: 1 })));

    expect(verdicts).toEqual(['pending', 'pending', 'complete']);
    expect(tracker.take().map(({ subtask }) => subtask)).toEqual(['0.0', '0.1', '1.0']);
  });

  it('counts epochs without a gap from the restored one (I2)', () => {
    const tracker = new EpochTracker(['0.0'], 1, 41);

    const first = tracker.begin();
    tracker.add(snapshotOf({ subtask: '0.0', epoch: first }));
    tracker.take();

    expect([first, tracker.begin()]).toEqual([42, 43]);
  });

  it('refuses to begin an epoch while one is open (I2)', () => {
    const tracker = new EpochTracker(['0.0'], 1, 0);
    tracker.begin();

    expect(() => tracker.begin()).toThrow(/I2: epoch 1 is still open/);
  });

  it('ignores a snapshot that comes twice', () => {
    const tracker = new EpochTracker(['0.0', '0.1'], 1, 0);
    tracker.begin();

    tracker.add(snapshotOf({ subtask: '0.0', epoch: 1 }));

    expect(tracker.add(snapshotOf({ subtask: '0.0', epoch: 1 }))).toBe('repeated');
    expect(tracker.missing()).toEqual(['0.1']);
  });

  it('never completes anything with a late snapshot (I2)', () => {
    const tracker = new EpochTracker(['0.0'], 1, 0);
    tracker.begin();
    tracker.add(snapshotOf({ subtask: '0.0', epoch: 1 }));
    tracker.take();

    expect(tracker.add(snapshotOf({ subtask: '0.0', epoch: 1 }))).toBe('late');
    tracker.begin();
    expect(tracker.add(snapshotOf({ subtask: '0.0', epoch: 1 }))).toBe('late');
    expect(tracker.missing()).toEqual(['0.0']);
  });

  it('does not hear another generation (I10)', () => {
    const tracker = new EpochTracker(['0.0'], 2, 0);
    tracker.begin();

    expect(tracker.add(snapshotOf({ subtask: '0.0', epoch: 1, generation: 1 }))).toBe('foreign');
    expect(tracker.missing()).toEqual(['0.0']);
  });

  it('calls a snapshot of a future epoch a bug (I2)', () => {
    const tracker = new EpochTracker(['0.0'], 1, 0);
    tracker.begin();

    expect(() => tracker.add(snapshotOf({ subtask: '0.0', epoch: 2 }))).toThrow(/I2: 0.0 delivered epoch 2 during 1/);
  });
});

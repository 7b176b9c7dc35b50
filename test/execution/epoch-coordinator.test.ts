import { describe, expect, it } from 'vitest';
import { EpochCoordinator, type EpochCoordinatorOptions } from '../../src/execution/epoch-coordinator.ts';
import type { CommitToken, ErrorReport, Marker, SinkCommitter } from '../../src/model/index.ts';
import type { PhysicalPlan } from '../../src/plan/index.ts';
import { SimulatedClock } from '../../src/testing/simulated-clock.ts';
import { RecordingStore } from '../support/recording-store.ts';
import { snapshotOf } from '../support/snapshots.ts';

const plan: PhysicalPlan = {
  job: 'j',
  fingerprint: 'f',
  nodes: {},
  keyGroups: 128,
  workers: 1,
  stages: [],
  exchanges: [],
};

/** A coordinator of two subtasks and one committed sink, with everything around it written down in order. */
function setUp(part: Partial<EpochCoordinatorOptions> = {}) {
  const clock = new SimulatedClock();
  const store = new RecordingStore();
  const events: string[] = [];
  const markers: Marker[] = [];
  const failures: ErrorReport[] = [];
  const committer: SinkCommitter = {
    restore: async () => {},
    seal: async (epoch): Promise<CommitToken> => {
      events.push(`seal ${epoch}`);
      return { epoch };
    },
    commit: async (token) => {
      events.push(`show ${token['epoch']} after ${store.committed.length} commits`);
    },
    close: async () => {},
  };
  const coordinator = new EpochCoordinator({
    plan,
    subtasks: ['0.0', '1.0'],
    generation: 1,
    store,
    committers: new Map([['out', committer]]),
    clock,
    intervalMs: 100,
    unfoldedBytesMax: 1_000_000,
    crashPoint: (name) => void events.push(name),
    policy: 'min',
    beginEpoch: (marker) => void markers.push(marker),
    announce: (epoch, folded) => void events.push(`announce ${epoch} folded ${folded}`),
    onEpoch: (report) => void events.push(`done ${report.manifest.epoch}`),
    onFailure: (report) => void failures.push(report),
    ...part,
  });
  const deliver = (epoch: number): void => {
    coordinator.onSnapshot(snapshotOf({ subtask: '0.0', epoch }));
    coordinator.onSnapshot(snapshotOf({ subtask: '1.0', epoch }));
  };
  return { clock, store, events, markers, failures, coordinator, deliver };
}

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('the epoch coordinator', () => {
  it('makes prepared output durable, then commits, then shows, then announces (I3)', async () => {
    const { clock, coordinator, deliver, events } = setUp();
    coordinator.start();
    clock.advance(100);

    deliver(1);
    await settled();

    expect(events).toEqual([
      'epoch.begun',
      'epoch.complete',
      'seal 1',
      'epoch.sealed',
      'epoch.committed',
      'show 1 after 1 commits',
      'epoch.visible',
      'announce 1 folded 0',
      'epoch.announced',
      'done 1',
    ]);
  });

  it('begins no epoch while one is in flight, and the next one at once when it is overdue (I2, I8)', async () => {
    const { clock, coordinator, deliver, markers } = setUp();
    coordinator.start();
    clock.advance(1000);

    expect(markers.map(({ epoch }) => epoch)).toEqual([1]);

    deliver(1);
    await settled();
    clock.advance(0);

    expect(markers.map(({ epoch }) => epoch)).toEqual([1, 2]);
  });

  it('begins the first epoch of a generation early, and the others an interval apart', async () => {
    const { clock, coordinator, deliver, markers } = setUp({ intervalMs: 1000 });
    coordinator.start();

    clock.advance(49);
    expect(markers).toHaveLength(0);
    clock.advance(1);
    expect(markers).toHaveLength(1);

    deliver(1);
    await settled();
    clock.advance(999);
    expect(markers).toHaveLength(1);
    clock.advance(1);
    expect(markers).toHaveLength(2);
  });

  it('begins early on request, but not twice at once', async () => {
    const { clock, coordinator, markers } = setUp();
    coordinator.start();

    coordinator.requestEpoch();
    coordinator.requestEpoch();
    clock.advance(1);

    expect(markers).toEqual([{ kind: 'marker', epoch: 1, isFinal: false }]);
  });

  it('ends behind a final epoch and begins none after it', async () => {
    const { clock, coordinator, deliver, events, markers } = setUp();
    coordinator.start();
    coordinator.finish('drain');
    clock.advance(0);

    deliver(1);
    await settled();
    clock.advance(10_000);

    expect(markers).toEqual([{ kind: 'marker', epoch: 1, isFinal: true }]);
    expect(events.at(-1)).toBe('done 1');
  });

  it('lets an epoch in flight end before the final one', async () => {
    const { clock, coordinator, deliver, markers } = setUp();
    coordinator.start();
    clock.advance(100);
    coordinator.finish('drain');

    deliver(1);
    await settled();
    clock.advance(0);

    expect(markers.map(({ epoch, isFinal }) => [epoch, isFinal])).toEqual([
      [1, false],
      [2, true],
    ]);
  });

  it('shows nothing when the commit failed, reports it once and goes silent (I3, reliability F7)', async () => {
    const { clock, coordinator, deliver, events, failures, markers, store } = setUp();
    coordinator.start();
    clock.advance(100);
    store.failNextCommit = new Error('disk on fire');

    deliver(1);
    await settled();
    store.failNextCommit = undefined;
    deliver(1);
    await settled();
    clock.advance(10_000);

    expect(failures.map(({ message, epoch }) => [message, epoch])).toEqual([['disk on fire', 1]]);
    expect(events.filter((event) => event.startsWith('show'))).toEqual([]);
    expect(markers).toHaveLength(1);
  });

  it('hears nothing once it is closed (I10)', async () => {
    const { clock, coordinator, deliver, store } = setUp();
    coordinator.start();
    clock.advance(100);

    await coordinator.close();
    deliver(1);
    await settled();

    expect(store.committed).toEqual([]);
  });

  it('closes only when a commit under way has let go of the sinks', async () => {
    let release = (): void => {};
    const slow: SinkCommitter = {
      restore: async () => {},
      seal: () =>
        new Promise((resolve) => {
          release = () => resolve({});
        }),
      commit: async () => {},
      close: async () => {},
    };
    const { clock, coordinator, deliver, store } = setUp({ committers: new Map([['out', slow]]) });
    coordinator.start();
    clock.advance(100);
    deliver(1);

    let isClosed = false;
    const closing = coordinator.close().then(() => {
      isClosed = true;
    });
    await settled();
    expect(isClosed).toBe(false);
    release();
    await closing;

    expect(store.committed).toEqual([]);
  });

  it('folds between commits, tells the workers, and never beyond the committed epoch (I6)', async () => {
    const { clock, coordinator, deliver, events, store } = setUp();
    coordinator.start();
    clock.advance(100);
    store.slicesToFold = 3;

    deliver(1);
    await settled();
    clock.advance(20);

    expect(store.slicesToFold).toBe(0);
    expect(events.at(-1)).toBe('announce 1 folded 1');
  });

  it('folds in small steps with pauses, in large ones without when more than half of what may be is unfolded', async () => {
    const { clock, coordinator, deliver, store } = setUp({ unfoldedBytesMax: 8000 });
    coordinator.start();
    clock.advance(100);
    store.slicesToFold = 8;
    deliver(1);
    await settled();

    // Four slices are left when half is reached; each of the others takes its time.
    clock.advance(3);
    expect(store.slicesToFold).toBe(4);
    clock.advance(2);
    expect(store.slicesToFold).toBe(3);
    clock.advance(10);

    expect(store.slicesToFold).toBe(0);
    expect(store.sizesFolded).toEqual([...new Array(4).fill('large'), ...new Array(4).fill('small')]);
  });

  it('folds before the next epoch when too much is unfolded (I8)', async () => {
    const { clock, coordinator, deliver, markers, store } = setUp({ unfoldedBytesMax: 1500 });
    coordinator.start();
    clock.advance(100);
    deliver(1);
    await settled();
    store.slicesToFold = 3;

    clock.advance(100);

    expect(store.slicesToFold).toBeLessThanOrEqual(1);
    expect(markers.map(({ epoch }) => epoch)).toEqual([1, 2]);
  });

  it('does not wait for a fold that cannot happen: retention keeps more unfolded than the bound', async () => {
    const { clock, coordinator, deliver, markers, store } = setUp({ unfoldedBytesMax: 1 });
    store.unfoldedBytes = () => 5000;
    coordinator.start();
    clock.advance(100);
    deliver(1);
    await settled();

    clock.advance(100);

    expect(markers.map(({ epoch }) => epoch)).toEqual([1, 2]);
  });
});

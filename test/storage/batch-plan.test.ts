import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  AssertionError,
  CheckpointError,
  type CheckpointStore,
  CorruptionError,
  IncompatiblePlanError,
  LockedError,
} from '../../src/model/index.ts';
import { DurableCheckpointStore } from '../../src/storage/durable-checkpoint-store.ts';
import { inspectState, MemoryDisk, openStateDirectory } from '../../src/storage/index.ts';
import type { KeyValueStore } from '../../src/storage/key-value-store.ts';
import { writePlan } from '../../src/storage/ledger.ts';
import { LmdbKeyValueStore } from '../../src/storage/lmdb-key-value-store.ts';
import { MemoryKeyValueStore } from '../../src/storage/memory-key-value-store.ts';
import { metaKey } from '../../src/storage/store-key.ts';
import { verifyState } from '../../src/storage/verify-state.ts';
import { batch, JOB, KEY_GROUPS, SteppingClock, sealed } from './support.ts';

const POLICY = { retainEpochs: 2, foldEveryEpochs: 2, foldBytes: 1_000_000 };

/** A state directory, or what stands for it, that can be opened again and again, and written behind the back of everything. */
interface Place {
  open(crashPoint?: (name: string) => void): CheckpointStore;
  raw(): KeyValueStore;
  remove(): void;
}

function memoryPlace(): Place {
  const disk = new MemoryDisk();
  const raw = (): KeyValueStore => new MemoryKeyValueStore(disk);
  return {
    open: (crashPoint = () => {}) =>
      new DurableCheckpointStore(raw(), { job: JOB, keyGroups: KEY_GROUPS, policy: POLICY, crashPoint }),
    raw,
    remove: () => {},
  };
}

function lmdbPlace(): Place {
  const path = mkdtempSync(join(tmpdir(), 'millrace-plan-'));
  const raw = (): KeyValueStore => new LmdbKeyValueStore(join(path, 'data.mdb'));
  return {
    open: (crashPoint = () => {}) =>
      new DurableCheckpointStore(raw(), { job: JOB, keyGroups: KEY_GROUPS, policy: POLICY, crashPoint }),
    raw,
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

describe.each([
  ['memory', memoryPlace],
  ['lmdb', lmdbPlace],
])('the plan of a batch on %s', (_name, createPlace) => {
  let place: Place;
  beforeEach(() => {
    place = createPlace();
  });
  afterEach(() => place.remove());

  it('is there after a reopen, as it was made, until its epoch is committed', () => {
    const first = place.open();
    const generation = first.beginGeneration();
    expect(first.planned()).toBeUndefined();
    first.plan(batch(1));
    expect(first.planned()).toEqual(batch(1));
    first.close();

    const second = place.open();

    expect(second.planned()).toEqual(batch(1));
    expect(second.latest()).toBeUndefined();
    second.commit(sealed(1, second.beginGeneration(), []));
    expect(second.planned()).toBeUndefined();
    second.close();
    const third = place.open();
    expect(third.planned()).toBeUndefined();
    expect(third.latest()?.generation).toBe(generation + 1);
    third.close();
  });

  it('is replaced by a newer one of the same epoch', () => {
    const store = place.open();
    store.beginGeneration();
    store.plan(batch(1));

    store.plan(batch(1, { plannedAt: 9, ranges: {}, isLast: true }));

    expect(store.planned()).toEqual(batch(1, { plannedAt: 9, ranges: {}, isLast: true }));
    store.close();
  });

  it('goes with the transaction of its epoch: nothing is stored of it afterwards', () => {
    const store = place.open();
    const generation = store.beginGeneration();
    for (let epoch = 1; epoch <= 3; epoch++) {
      store.plan(batch(epoch));
      store.commit(sealed(epoch, generation, []));
    }
    store.close();

    const raw = place.raw();
    const left = raw.get('meta', metaKey('plan'));
    raw.close();

    expect(left).toBeUndefined();
  });

  it('stays when the transaction of its epoch fails', () => {
    const failing = place.open((name) => {
      if (name === 'storage.commit.inside') throw new Error('no space left on device');
    });
    const generation = failing.beginGeneration();
    failing.plan(batch(1));
    expect(() => failing.commit(sealed(1, generation, []))).toThrow(/no space left on device/);
    failing.close();

    const reopened = place.open();

    expect(reopened.planned()).toEqual(batch(1));
    reopened.close();
  });

  it('that could not be written leaves the older one, and ends the store (F7)', () => {
    let isDiskFull = false;
    const store = place.open((name) => {
      if (isDiskFull && name === 'storage.plan.inside') throw new Error('no space left on device');
    });
    const generation = store.beginGeneration();
    store.plan(batch(1));
    isDiskFull = true;

    expect(() => store.plan(batch(1, { plannedAt: 9 }))).toThrow(/could not plan epoch 1: no space left on device/);

    isDiskFull = false;
    for (const call of [
      () => store.plan(batch(1)),
      () => store.planned(),
      () => store.latest(),
      () => store.commit(sealed(1, generation, [])),
    ])
      expect(call).toThrow(CheckpointError);
    store.close();
    const reopened = place.open();
    expect(reopened.planned()).toEqual(batch(1));
    reopened.close();
  });

  it('is refused as damaged when a bit of it changed', () => {
    const store = place.open();
    store.beginGeneration();
    store.plan(batch(1));
    store.close();
    const raw = place.raw();
    const stored = raw.get('meta', metaKey('plan'))!.slice();
    stored[stored.length - 1]! ^= 1;
    raw.transact((writer) => writer.put('meta', metaKey('plan'), stored));

    const { problems } = verifyState(raw);
    raw.close();
    const reopened = place.open();

    expect(problems.join('\n')).toMatch(/plan: the plan of a batch does not match its checksum/);
    expect(() => reopened.planned()).toThrow(CorruptionError);
    reopened.close();
  });

  it('of an epoch that exists is of no use: a release without plans committed it and left it lying', () => {
    const store = place.open();
    const generation = store.beginGeneration();
    for (const epoch of [1, 2]) store.commit(sealed(epoch, generation, []));
    store.close();
    const raw = place.raw();
    raw.transact((writer) => writePlan(writer, batch(2)));

    const report = verifyState(raw);
    raw.close();
    const reopened = place.open();

    expect(reopened.planned()).toBeUndefined();
    expect(report).toMatchObject({ problems: [], plans: 0 });
    reopened.close();
  });

  it('further ahead than the next epoch is damage: a manifest is lost (I2)', () => {
    const store = place.open();
    store.commit(sealed(1, store.beginGeneration(), []));
    store.close();
    const raw = place.raw();
    raw.transact((writer) => writePlan(writer, batch(3)));

    const { problems } = verifyState(raw);
    raw.close();
    const reopened = place.open();

    expect(problems.join('\n')).toMatch(/I2: a batch is planned as epoch 3 where the latest is 1/);
    expect(() => reopened.planned()).toThrow(CorruptionError);
    reopened.close();
  });

  it('of a newer format is refused', () => {
    const raw = place.raw();
    raw.transact((writer) => writePlan(writer, batch(1, { formatVersion: 99 })));
    raw.close();

    const store = place.open();

    expect(() => store.planned()).toThrow(IncompatiblePlanError);
    store.close();
  });
});

describe('planning a batch', () => {
  it.each([
    ['the epoch that is committed already', 1],
    ['an epoch further ahead', 3],
  ])('is refused for %s (I2)', (_case, epoch) => {
    const store = memoryPlace().open();
    store.commit(sealed(1, store.beginGeneration(), []));

    expect(() => store.plan(batch(epoch))).toThrow(/I2: epoch \d is planned where 2 is due/);
  });

  it('is refused in another format than this version writes', () => {
    const store = memoryPlace().open();
    store.beginGeneration();

    expect(() => store.plan(batch(1, { formatVersion: 99 }))).toThrow(AssertionError);
  });

  it('is refused before a generation is begun (I10)', () => {
    expect(() => memoryPlace().open().plan(batch(1))).toThrow(/I10/);
  });

  it('is fenced, inside its transaction, when a newer generation owns the directory (I10)', () => {
    const place = memoryPlace();
    const zombie = place.open((name) => {
      // The other owner begins behind every check that the zombie could make before its transaction.
      if (name === 'storage.plan.before') place.open().beginGeneration();
    });
    zombie.beginGeneration();

    expect(() => zombie.plan(batch(1))).toThrow(LockedError);

    expect(place.open().planned()).toBeUndefined();
    expect(() => zombie.planned()).toThrow(LockedError);
  });

  it('passes its crash points in order', () => {
    const passed: string[] = [];
    const store = memoryPlace().open((name) => passed.push(name));
    store.beginGeneration();
    passed.length = 0;

    store.plan(batch(1));

    expect(passed).toEqual(['storage.plan.before', 'storage.plan.inside', 'storage.plan.after']);
  });
});

describe('looking into a state directory', () => {
  it('shows the batch that is planned and not committed', () => {
    const parent = mkdtempSync(join(tmpdir(), 'millrace-plan-'));
    const path = join(parent, 'state');
    const directory = openStateDirectory({ path, job: JOB, keyGroups: KEY_GROUPS, clock: new SteppingClock() });
    const { store } = directory;
    const generation = store.beginGeneration();
    store.plan(batch(1));

    const before = inspectState(path);
    store.commit(sealed(1, generation, []));
    const after = inspectState(path);

    expect(before.planned()).toEqual(batch(1));
    expect(before.verify()).toMatchObject({ problems: [], plans: 1 });
    expect(after.planned()).toBeUndefined();
    expect(after.verify()).toMatchObject({ problems: [], plans: 0 });
    before.close();
    after.close();
    directory.close();
    rmSync(parent, { recursive: true, force: true });
  });
});

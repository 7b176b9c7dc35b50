import { afterEach, describe, expect, it } from 'vitest';
import { RowBlockBuilder } from '../../src/codec/row-block.ts';
import {
  AssertionError,
  CheckpointError,
  CorruptionError,
  type DeadLetter,
  type FoldSliceSize,
  LockedError,
  type StateDelta,
} from '../../src/model/index.ts';
import { DeltaBuilder } from '../../src/storage/delta-builder.ts';
import { DurableCheckpointStore } from '../../src/storage/durable-checkpoint-store.ts';
import { MemoryDisk, STORAGE_CRASH_POINTS } from '../../src/storage/index.ts';
import type { KeyValueStore, KeyValueWriter } from '../../src/storage/key-value-store.ts';
import { MemoryKeyValueStore } from '../../src/storage/memory-key-value-store.ts';
import { StoredStateReader } from '../../src/storage/state-reader.ts';
import { verifyState } from '../../src/storage/verify-state.ts';
import { lmdbMedium, memoryMedium, StateRig } from './state-rig.ts';
import { JOB, KEY_GROUPS, manifest, sealed } from './support.ts';

const POLICY = { retainEpochs: 2, foldEveryEpochs: 2, foldBytes: 1_000_000 };

function openStore(disk: MemoryDisk, crashPoint: (name: string) => void = () => {}): DurableCheckpointStore {
  return openOn(new MemoryKeyValueStore(disk), crashPoint);
}

function openOn(medium: KeyValueStore, crashPoint: (name: string) => void = () => {}): DurableCheckpointStore {
  return new DurableCheckpointStore(medium, { job: JOB, keyGroups: KEY_GROUPS, policy: POLICY, crashPoint });
}

function delta(epoch: number, n: number, subtask = 0): StateDelta {
  const states = [{ name: 'total', kind: 'value' }] as const;
  const builder = new DeltaBuilder({ node: 'count', subtask, epoch, states }, 100);
  builder.add(subtask, 0, 'k', new Uint8Array(0), n);
  return { node: 'count', subtask, epoch, entries: 1, bytes: builder.finish() };
}

describe.each([
  ['memory', memoryMedium],
  ['lmdb', lmdbMedium],
])('the checkpoint store on %s', (_name, createMedium) => {
  const medium = createMedium();
  afterEach(() => medium.dispose());

  it('folds what is not due when it is asked to do so early, and never what is retained', () => {
    const fresh = createMedium();
    const rig = new StateRig(fresh);
    for (let epoch = 1; epoch <= 2; epoch++) {
      rig.at('a').value('total').set(epoch);
      rig.epoch();
    }

    expect(rig.store.foldSlice()).toBe(false);
    expect(rig.store.foldedThrough()).toBe(0);
    while (rig.store.foldSlice('early'));
    expect(rig.store.foldedThrough()).toBe(1);
    while (rig.store.foldSlice('early'));
    expect(rig.store.foldedThrough()).toBe(1);

    rig.crash(2);

    expect(rig.at('a').value('total').get()).toBe(2);
    fresh.dispose();
  });

  it('keeps the newest manifests, folds behind them and delivers everything after a restart', () => {
    const rig = new StateRig(medium);
    for (let epoch = 1; epoch <= 10; epoch++) {
      for (const key of ['a', 'b', 'c']) rig.at(key).value('total').set(epoch);
      rig.epoch();
      while (rig.store.foldSlice());
    }
    expect(rig.store.latest()).toEqual(manifest(10, 1));
    expect(rig.store.foldedThrough()).toBe(8);

    rig.crash(2);

    expect(rig.store.latest()?.epoch).toBe(10);
    expect(rig.store.foldedThrough()).toBe(8);
    expect(rig.store.unfoldedBytes()).toBeGreaterThan(0);
    expect(rig.at('b').value('total').get()).toBe(10);
    rig.close();
  });
});

describe('a commit', () => {
  it('follows the epoch before it without a gap (I2)', () => {
    const store = openStore(new MemoryDisk());
    const generation = store.beginGeneration();
    store.commit(sealed(1, generation, []));

    expect(() => store.commit(sealed(3, generation, []))).toThrow(/I2: epoch 3 is committed where 2 is due/);
  });

  it('is refused in a generation that the store did not begin (I10)', () => {
    const store = openStore(new MemoryDisk());
    const generation = store.beginGeneration();

    expect(() => store.commit(sealed(1, generation + 1, []))).toThrow(/I10/);
  });

  it.each([
    ['another fingerprint', { fingerprint: 'f2' }],
    ['another job', { job: 'other' }],
    ['another number of key groups', { keyGroups: 8 }],
  ])('is refused with %s (I9)', (_case, change) => {
    const store = openStore(new MemoryDisk());
    const generation = store.beginGeneration();
    store.commit(sealed(1, generation, []));

    const commit = (): void =>
      store.commit({ ...sealed(2, generation, []), manifest: manifest(2, generation, change) });

    expect(commit).toThrow(/I9/);
  });

  it('is refused with a damaged delta, and nothing of the epoch exists (I3)', () => {
    const disk = new MemoryDisk();
    const store = openStore(disk);
    const damaged = delta(1, 5);
    damaged.bytes[damaged.bytes.length - 1]! ^= 1;

    expect(() => store.commit(sealed(1, store.beginGeneration(), [damaged]))).toThrow(CorruptionError);

    expect(openStore(disk).latest()).toBeUndefined();
    expect(disk.spaces.deltas.values.size).toBe(0);
  });

  it.each([
    ['of another epoch', [delta(2, 1)], /I1/],
    ['twice', [delta(1, 1), delta(1, 2)], /arrives twice/],
    ['of an unknown node', [{ ...delta(1, 1), node: 'gone' }], /belongs to a node of the plan/],
    ['under the name of another subtask', [{ ...delta(1, 1), subtask: 4 }], /holds the bytes of another one/],
  ])('is refused with a delta that comes %s', (_case, deltas, message) => {
    const store = openStore(new MemoryDisk());
    const generation = store.beginGeneration();

    expect(() => store.commit(sealed(1, generation, deltas))).toThrow(message);
  });

  it('is fenced, inside its transaction, when a newer generation owns the directory (I10)', () => {
    const disk = new MemoryDisk();
    let newer: DurableCheckpointStore | undefined;
    const zombie = openStore(disk, (name) => {
      // The other owner begins after every check that the zombie could make before its transaction.
      if (name !== 'storage.commit.before') return;
      newer = openStore(disk);
      newer.beginGeneration();
    });
    const generation = zombie.beginGeneration();

    expect(() => zombie.commit(sealed(1, generation, []))).toThrow(LockedError);

    expect(newer?.latest()).toBeUndefined();
    expect(() => zombie.latest()).toThrow(LockedError);
    newer?.commit(sealed(1, generation + 1, []));
    expect(openStore(disk).latest()?.generation).toBe(generation + 1);
  });

  it('that fails ends the store: every later call throws, the directory is at the epoch before (F7)', () => {
    const disk = new MemoryDisk();
    let isDiskFull = false;
    const store = openStore(disk, (name) => {
      if (isDiskFull && name === 'storage.commit.inside') throw new Error('no space left on device');
    });
    const generation = store.beginGeneration();
    store.commit(sealed(1, generation, [delta(1, 1)]));
    isDiskFull = true;

    expect(() => store.commit(sealed(2, generation, [delta(2, 2)]))).toThrow(
      /could not commit epoch 2: no space left on device/,
    );

    isDiskFull = false;
    const calls = [
      () => store.commit(sealed(2, generation, [delta(2, 2)])),
      () => store.latest(),
      () => store.beginGeneration(),
      () => store.foldSlice(),
      () => store.foldedThrough(),
      () => store.unfoldedBytes(),
    ];
    for (const call of calls) expect(call).toThrow(CheckpointError);
    store.close();
    const reopened = openStore(disk);
    expect(reopened.latest()?.epoch).toBe(1);
    reopened.commit(sealed(2, reopened.beginGeneration(), [delta(2, 2)]));
  });

  it('writes table rows and dead letters with its epoch, or not at all', () => {
    const disk = new MemoryDisk();
    const rows = new RowBlockBuilder();
    rows.add(Uint8Array.of(1), Uint8Array.of(10));
    rows.add(Uint8Array.of(2), Uint8Array.of(20));
    rows.add(Uint8Array.of(1), undefined);
    const letter: DeadLetter = { node: 's', split: 'f', offset: '3', reason: 'r', raw: Uint8Array.of(7), rawBytes: 1 };
    const epoch = (generation: number) =>
      sealed(1, generation, [], { rows: [{ table: 't', block: rows.take(), count: 3 }], deadLetters: [letter] });
    let isFailing = true;
    const crashing = openStore(disk, (name) => {
      if (isFailing && name === 'storage.commit.inside') throw new Error('killed');
    });

    expect(() => crashing.commit(epoch(crashing.beginGeneration()))).toThrow('killed');

    expect(disk.spaces.tables.values.size + disk.spaces['dead-letters'].values.size).toBe(0);
    isFailing = false;
    const store = openStore(disk);
    rows.add(Uint8Array.of(2), Uint8Array.of(20));
    store.commit(epoch(store.beginGeneration()));
    expect(disk.spaces.tables.values.size).toBe(1);
    expect(disk.spaces['dead-letters'].values.size).toBe(1);
  });

  it('removes leftovers of epochs that were never committed', () => {
    const disk = new MemoryDisk();
    const store = openStore(disk);
    const generation = store.beginGeneration();
    const stray = new MemoryKeyValueStore(disk);
    stray.transact((writer) => writer.put('deltas', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 9, 1), Uint8Array.of(1)));

    store.commit(sealed(1, generation, []));

    expect(disk.spaces.deltas.values.size).toBe(0);
  });
});

describe('a fold', () => {
  /** Commits `epochs` epochs in which every one of `keys` keys of a state changes. */
  function committed(
    disk: MemoryDisk,
    epochs: number,
    keys: number,
  ): { store: DurableCheckpointStore; generation: number } {
    const store = openStore(disk);
    const generation = store.beginGeneration();
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const states = [{ name: 'total', kind: 'value' }] as const;
      const builder = new DeltaBuilder({ node: 'count', subtask: 0, epoch, states }, 100);
      for (let key = 0; key < keys; key++) builder.add(key % KEY_GROUPS, 0, key, new Uint8Array(0), epoch);
      const bytes = builder.finish();
      store.commit(sealed(epoch, generation, [{ node: 'count', subtask: 0, epoch, entries: keys, bytes }]));
    }
    return { store, generation };
  }

  it('never runs ahead of the retained epochs (I6)', () => {
    const { store } = committed(new MemoryDisk(), 6, 10);

    while (store.foldSlice());

    expect(store.foldedThrough()).toBe(5);
    expect(store.latest()?.epoch).toBe(6);
  });

  it('interrupted at any of its steps and begun anew, ends in the same tables', () => {
    const whole = new MemoryDisk();
    const { store } = committed(whole, 5, 1_300);
    let steps = 0;
    while (store.foldSlice()) steps++;
    expect(steps).toBeGreaterThan(6);

    for (let stop = 1; stop <= steps; stop++) {
      const disk = new MemoryDisk();
      const interrupted = committed(disk, 5, 1_300).store;
      for (let step = 0; step < stop; step++) interrupted.foldSlice();
      expect(verifyState(new MemoryKeyValueStore(disk)).problems).toEqual([]);

      const reopened = openStore(disk);
      reopened.beginGeneration();
      while (reopened.foldSlice());

      expect(reopened.foldedThrough()).toBe(4);
      expect(disk.spaces.state.values).toEqual(whole.spaces.state.values);
      expect(disk.spaces.groups.values).toEqual(whole.spaces.groups.values);
      expect(verifyState(new MemoryKeyValueStore(disk)).problems).toEqual([]);
    }
  });

  it('goes on while epochs are committed between its steps', () => {
    const disk = new MemoryDisk();
    const { store, generation } = committed(disk, 5, 1_300);
    for (let epoch = 6; epoch <= 12; epoch++) {
      store.foldSlice();
      store.commit(sealed(epoch, generation, [delta(epoch, epoch)]));
    }
    while (store.foldSlice());

    const reader = new StoredStateReader(new MemoryKeyValueStore(disk));

    expect(reader.foldedThrough()).toBe(11);
    expect(verifyState(new MemoryKeyValueStore(disk)).problems).toEqual([]);
  });

  it('is fenced like a commit (I10)', () => {
    const disk = new MemoryDisk();
    const { store } = committed(disk, 5, 10);
    openStore(disk).beginGeneration();

    expect(() => {
      while (store.foldSlice());
    }).toThrow(LockedError);

    expect(disk.spaces.state.values.size).toBe(0);
  });

  it('writes no more than a bounded number of entries in one transaction', () => {
    const disk = new MemoryDisk();
    committed(disk, 5, 3_000).store.close();
    const counting = new CountingStore(disk);
    const store = openOn(counting);
    store.beginGeneration();

    while (store.foldSlice());

    expect(counting.putsMax).toBeLessThanOrEqual(1_000);
    expect(disk.spaces.state.values.size).toBe(3_000);
  });

  it('ends in the same tables in large steps, in small ones, and in both by turns', () => {
    const fold = (sizeOf: (step: number) => FoldSliceSize): { readonly disk: MemoryDisk; readonly steps: number } => {
      const disk = new MemoryDisk();
      const { store } = committed(disk, 5, 3_000);
      let steps = 0;
      while (store.foldSlice('due', sizeOf(steps))) steps++;
      expect(verifyState(new MemoryKeyValueStore(disk)).problems).toEqual([]);
      return { disk, steps };
    };
    const small = fold(() => 'small');
    const large = fold(() => 'large');
    const mixed = fold((step) => (step % 2 === 0 ? 'large' : 'small'));

    expect(large.steps).toBeLessThan(small.steps / 2);
    for (const { disk } of [large, mixed]) {
      expect(disk.spaces.state.values).toEqual(small.disk.spaces.state.values);
      expect(disk.spaces.groups.values).toEqual(small.disk.spaces.groups.values);
    }
  });

  it('knows of its entries what memory they take, also when they are counted anew at a start', () => {
    const disk = new MemoryDisk();
    const { store } = committed(disk, 5, 1_000);
    const before = store.unfoldedBytes();
    store.close();

    const reopened = openStore(disk);

    // Five epochs of cells, each of some hundred bytes: many times what they are on disk.
    expect(before).toBeGreaterThan(5 * 1_000 * 200);
    expect(reopened.unfoldedBytes()).toBe(before);
    reopened.beginGeneration();
    while (reopened.foldSlice('early'));
    expect(reopened.unfoldedBytes()).toBeLessThan(before / 4);
  });

  it('is not begun before a generation is', () => {
    const disk = new MemoryDisk();
    committed(disk, 5, 10).store.close();
    const store = openStore(disk);

    expect(() => {
      while (store.foldSlice());
    }).toThrow(AssertionError);
  });
});

describe('the crash points', () => {
  it('are all distinct names of this folder', () => {
    expect(new Set(STORAGE_CRASH_POINTS).size).toBe(STORAGE_CRASH_POINTS.length);
    for (const name of STORAGE_CRASH_POINTS) expect(name).toMatch(/^storage\./);
  });
});

class CountingStore extends MemoryKeyValueStore {
  putsMax = 0;

  override transact(body: (writer: KeyValueWriter) => void): void {
    let puts = 0;
    super.transact((writer) =>
      body({
        ...writer,
        put: (space, key, value) => {
          puts++;
          writer.put(space, key, value);
        },
      }),
    );
    this.putsMax = Math.max(this.putsMax, puts);
  }
}

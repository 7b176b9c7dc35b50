import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeValue } from '../../src/codec/value-codec.ts';
import {
  AssertionError,
  CorruptionError,
  type Key,
  type KeyedState,
  OperatorError,
  ownedGroups,
  PlanError,
  ValueError,
} from '../../src/model/index.ts';
import { DeltaReader } from '../../src/storage/delta-reader.ts';
import {
  createKeyedState,
  type KeyedStateOptions,
  MemoryDisk,
  openMemoryCheckpointStore,
  openMemoryStateReader,
} from '../../src/storage/index.ts';
import type { KeyValueEntry, Space } from '../../src/storage/key-value-store.ts';
import { MemoryKeyValueStore } from '../../src/storage/memory-key-value-store.ts';
import { StoredStateReader } from '../../src/storage/state-reader.ts';
import { lmdbMedium, type Medium, memoryMedium, StateRig } from './state-rig.ts';
import { ALL_GROUPS, JOB, KEY_GROUPS, SteppingClock, sealed } from './support.ts';

function create(changes: Partial<KeyedStateOptions> = {}): KeyedState {
  return createKeyedState({
    reader: openMemoryStateReader(new MemoryDisk()),
    node: 'count',
    subtask: 0,
    groups: ALL_GROUPS,
    keyGroups: KEY_GROUPS,
    epoch: 0,
    cacheBytes: 1_000_000,
    clock: new SteppingClock(),
    ...changes,
  });
}

function fill(state: KeyedState, count: number): void {
  const total = state.value<number>('total');
  for (let key = 0; key < count; key++) {
    state.setCurrentKey(key);
    total.set(key);
  }
}

/** The values of a delta by key. */
function contents(bytes: Uint8Array): Map<string, unknown> {
  const delta = new DeltaReader(bytes, 'it');
  const found = new Map<string, unknown>();
  while (delta.next()) {
    const name = `${Buffer.from(delta.key).toString('latin1')}/${Buffer.from(delta.sub).toString('hex')}`;
    expect(found.has(name)).toBe(false);
    found.set(name, delta.value === undefined ? 'deleted' : decodeValue(delta.value));
  }
  return found;
}

describe('freezing', () => {
  it('encodes a frozen value before it is handed out, so that a change in place is not in the snapshot (I1)', () => {
    const state = create();
    const total = state.value<{ n: number }>('total');
    state.setCurrentKey('a');
    total.set({ n: 1 });
    state.freeze(1);

    const live = total.get()!;
    live.n = 2;
    total.set(live);
    while (!state.encodeFrozen(1));

    expect([...contents(state.takeDelta()!.bytes).values()]).toEqual([{ n: 1 }]);
    state.freeze(2);
    while (!state.encodeFrozen(1));
    expect([...contents(state.takeDelta()!.bytes).values()]).toEqual([{ n: 2 }]);
  });

  it('encodes a slice at a time, as the clock says, and each entry once', () => {
    // Every look at the clock finds 1 ms gone.
    const state = create({ clock: new SteppingClock(1) });
    fill(state, 1_000);
    state.freeze(1);

    let slices = 1;
    while (!state.encodeFrozen(2)) {
      slices++;
      state.setCurrentKey(slices);
      state.value('total').get();
    }

    expect(slices).toBeGreaterThan(5);
    const delta = state.takeDelta()!;
    expect(delta.entries).toBe(1_000);
    expect(contents(delta.bytes).size).toBe(1_000);
  });

  it('looks at no entry, however many changed', () => {
    const state = create();
    const total = state.value<object>('total');
    for (let key = 0; key < 100; key++) {
      state.setCurrentKey(key);
      total.set({
        get n(): number {
          throw new Error('looked at');
        },
      });
    }

    state.freeze(1);

    expect(state.dirtyBytes()).toBe(0);
    expect(() => state.encodeFrozen(1)).toThrow();
  });

  it('gives no delta when nothing changed', () => {
    const state = create();
    state.value('total');
    state.freeze(1);

    expect(state.encodeFrozen(1)).toBe(true);
    expect(state.takeDelta()).toBeUndefined();
  });

  it('has an order that is asserted', () => {
    const state = create();
    fill(state, 100);
    state.freeze(1);

    expect(() => state.freeze(2)).toThrow(AssertionError);
    expect(() => state.takeDelta()).toThrow(AssertionError);
  });

  it('names the state, the key and the reason when a value cannot be stored', () => {
    const state = create();
    state.setCurrentKey('alice');
    state.value('total').set(() => 1);
    state.freeze(1);

    const encode = () => state.encodeFrozen(1);

    expect(encode).toThrow(ValueError);
    expect(encode).toThrow(/a value of state "total" of "count" cannot be stored/);
  });
});

describe('a list', () => {
  it('writes what was appended and not the list', () => {
    const state = create();
    const history = state.list<string>('history');
    state.setCurrentKey('a');
    for (let i = 0; i < 10_000; i++) history.append(`value number ${i}`);
    state.freeze(1);
    while (!state.encodeFrozen(1));
    const first = state.takeDelta()!;

    history.append('one more');
    state.freeze(2);
    while (!state.encodeFrozen(1));
    const second = state.takeDelta()!;

    expect(first.bytes.length).toBeGreaterThan(100_000);
    expect(second.bytes.length).toBeLessThan(1_000);
    expect(history.length).toBe(10_001);
  });

  it('iterated while it grows ends where it ended at the beginning', () => {
    const state = create();
    const history = state.list<number>('history');
    state.setCurrentKey('a');
    for (let i = 0; i < 40; i++) history.append(i);

    const seen: number[] = [];
    for (const value of history.values()) {
      seen.push(value);
      history.append(value);
    }

    expect(seen).toHaveLength(40);
    expect(history.length).toBe(80);
  });
});

describe('a map', () => {
  it('writes the entries that changed and not the map', () => {
    const state = create();
    const parts = state.map<number>('parts');
    state.setCurrentKey('a');
    for (let i = 0; i < 1_000; i++) parts.set(i, i);
    state.freeze(1);
    while (!state.encodeFrozen(1));
    state.takeDelta();

    parts.set(7, -7);
    parts.delete(8);
    state.freeze(2);
    while (!state.encodeFrozen(1));

    expect([...contents(state.takeDelta()!.bytes).values()]).toEqual([-7, 'deleted']);
  });

  it('may be changed while it is iterated: what was deleted is not seen any more', () => {
    const state = create();
    const parts = state.map<number>('parts');
    state.setCurrentKey('a');
    for (const sub of ['a', 'b', 'c', 'd']) parts.set(sub, 1);

    const seen: Key[] = [];
    for (const [sub] of parts.entries()) {
      seen.push(sub);
      parts.delete('c');
      parts.set('e', 1);
    }

    expect(seen).toEqual(['a', 'b', 'd']);
    expect([...parts.entries()].map(([sub]) => sub)).toEqual(['a', 'b', 'd', 'e']);
  });

  it('cleared again and again within an epoch puts what it no longer has into no order', () => {
    const state = create();
    const windows = state.map<number>('windows');
    state.setCurrentKey('a');
    const compare = vi.spyOn(Buffer, 'compare');

    for (let round = 0; round < 100; round++) {
      windows.set(round, round);
      windows.clear();
    }

    expect(compare).not.toHaveBeenCalled();
    expect([...windows.entries()]).toEqual([]);
    compare.mockRestore();
  });
});

describe('declaring states', () => {
  it('gives the same state for the same name', () => {
    const state = create();
    expect(state.value('total')).toBe(state.value('total'));
  });

  it('refuses a name that is used with another kind, now or in what is stored', () => {
    const disk = new MemoryDisk();
    const store = openMemoryCheckpointStore({ disk, job: JOB, keyGroups: KEY_GROUPS });
    const state = create({ reader: openMemoryStateReader(disk) });
    fill(state, 1);
    state.freeze(1);
    while (!state.encodeFrozen(1));
    store.commit(sealed(1, store.beginGeneration(), [state.takeDelta()!]));

    expect(() => state.list('total')).toThrow(PlanError);
    const restored = create({ reader: openMemoryStateReader(disk), epoch: store.latest()?.epoch ?? 0 });
    expect(() => restored.map('total')).toThrow(/is a value and is now declared as a map/);
  });

  it('refuses use without a record, and a key of another subtask (I11)', () => {
    const state = create({ groups: ownedGroups(0, 2, KEY_GROUPS) });

    expect(() => state.value('total').get()).toThrow(OperatorError);

    const foreign = Array.from({ length: 100 }, (_, key) => key).filter((key) => {
      state.setCurrentKey(key);
      try {
        state.value('total').get();
        return false;
      } catch (error) {
        expect(error).toBeInstanceOf(AssertionError);
        return true;
      }
    });
    expect(foreign.length).toBeGreaterThan(20);
    expect(foreign.length).toBeLessThan(80);
  });
});

describe.each([
  ['memory', memoryMedium],
  ['lmdb', lmdbMedium],
])('memory and base tables on %s', (_name, createMedium) => {
  let medium: Medium;
  let rig: StateRig;

  beforeEach(() => {
    medium = createMedium();
  });
  afterEach(() => {
    rig.close();
    medium.dispose();
  });

  it('keep what is in memory within its bytes once it is folded, and lose nothing by it', () => {
    const cacheBytes = 50_000;
    rig = new StateRig(medium, 1, cacheBytes);
    for (let round = 0; round < 6; round++) {
      for (let key = 0; key < 2_000; key++) rig.at(key).value('total').set({ round, key });
      rig.epoch();
      rig.fold(100);
    }
    for (let i = 0; i < 3; i++) rig.epoch();
    rig.fold(100);

    for (let round = 0; round < 3; round++) {
      for (let key = 0; key < 2_000; key++) expect(rig.at(key).value('total').get()).toEqual({ round: 5, key });
    }

    expect(rig.states[0]!.memory().bytes).toBeLessThanOrEqual(cacheBytes);
    expect(rig.states[0]!.memory().entries).toBeGreaterThan(50);
  });

  it('give a map entry that is changed during an iteration as it is now, not as it is stored', () => {
    rig = new StateRig(medium, 1, 0);
    for (const sub of ['a', 'z']) rig.at('key').map('parts').set(sub, 'stored');
    for (let i = 0; i < 4; i++) rig.epoch();
    rig.fold(100);
    rig.crash(1);

    const parts = rig.at('key').map<string>('parts');
    const seen: string[] = [];
    for (const [sub, value] of parts.entries()) {
      seen.push(`${sub} ${value}`);
      parts.set('z', 'changed');
    }

    expect(seen).toEqual(['a stored', 'z changed']);
  });

  it('keep entries of unfolded deltas in memory whatever the bound: the base tables do not have them yet', () => {
    rig = new StateRig(medium, 1, 0);
    for (let key = 0; key < 500; key++) rig.at(key).value('total').set(key);
    rig.epoch();

    for (let key = 0; key < 500; key++) expect(rig.at(key).value('total').get()).toBe(key);

    expect(rig.states[0]!.memory().entries).toBeGreaterThanOrEqual(500);
  });
});

describe('opening', () => {
  it('reads no base table before a key is asked for', () => {
    const disk = new MemoryDisk();
    const store = openMemoryCheckpointStore({ disk, job: JOB, keyGroups: KEY_GROUPS, foldEveryEpochs: 1 });
    const generation = store.beginGeneration();
    const state = create({ reader: openMemoryStateReader(disk) });
    fill(state, 1_000);
    for (let epoch = 1; epoch <= 3; epoch++) {
      state.freeze(epoch);
      while (!state.encodeFrozen(1));
      const delta = state.takeDelta();
      store.commit(sealed(epoch, generation, delta === undefined ? [] : [delta]));
    }
    while (store.foldSlice());
    const reads: Space[] = [];
    const medium = new ObservedStore(disk, (space) => reads.push(space));

    const restored = create({ reader: new StoredStateReader(medium), epoch: store.latest()?.epoch ?? 0 });

    expect(reads).not.toContain('state');
    restored.setCurrentKey(7);
    expect(restored.value('total').get()).toBe(7);
    expect(reads.filter((space) => space === 'state')).toHaveLength(1);
    expect(restored.memory().entries).toBe(1);
  });

  it('one epoch behind the latest is right however far was folded: a base never goes beyond the oldest retained epoch', () => {
    const disk = new MemoryDisk();
    const store = openMemoryCheckpointStore({
      disk,
      job: JOB,
      keyGroups: KEY_GROUPS,
      retainEpochs: 2,
      foldEveryEpochs: 1,
    });
    const generation = store.beginGeneration();
    const state = create({ reader: openMemoryStateReader(disk) });
    for (let epoch = 1; epoch <= 6; epoch++) {
      state.setCurrentKey('a');
      state.value('total').set(epoch);
      state.list('history').append(epoch);
      state.freeze(epoch);
      while (!state.encodeFrozen(1));
      store.commit(sealed(epoch, generation, [state.takeDelta()!]));
    }
    while (store.foldSlice());
    expect(store.foldedThrough()).toBe(5);

    const late = create({ reader: openMemoryStateReader(disk), epoch: 5 });

    late.setCurrentKey('a');
    expect(late.value('total').get()).toBe(5);
    expect([...late.list('history').values()]).toEqual([1, 2, 3, 4, 5]);
  });

  it('is refused behind a base that is ahead of the manifest (I6)', () => {
    const disk = new MemoryDisk();
    const store = openMemoryCheckpointStore({ disk, job: JOB, keyGroups: KEY_GROUPS, foldEveryEpochs: 1 });
    const generation = store.beginGeneration();
    for (let epoch = 1; epoch <= 4; epoch++) store.commit(sealed(epoch, generation, []));
    while (store.foldSlice());

    expect(() => create({ reader: openMemoryStateReader(disk), epoch: 0 })).toThrow(/I6/);
  });

  it.each(['state', 'deltas'] as const)('never gives a value out of damaged %s to the operator (F8)', (space) => {
    const disk = new MemoryDisk();
    const store = openMemoryCheckpointStore({ disk, job: JOB, keyGroups: KEY_GROUPS, foldEveryEpochs: 1 });
    const generation = store.beginGeneration();
    const state = create({ reader: openMemoryStateReader(disk) });
    for (let epoch = 1; epoch <= 4; epoch++) {
      fill(state, 3);
      state.freeze(epoch);
      while (!state.encodeFrozen(1));
      store.commit(sealed(epoch, generation, [state.takeDelta()!]));
    }
    while (store.foldSlice());
    for (const bytes of disk.spaces[space].values.values()) bytes[bytes.length - 1]! ^= 1;

    const read = () => {
      const restored = create({ reader: openMemoryStateReader(disk), epoch: store.latest()?.epoch ?? 0 });
      // A new key group range and a cold cache: everything comes from the disk.
      for (const key of [0, 1, 2]) {
        restored.setCurrentKey(key);
        restored.value('total').get();
      }
    };

    if (space === 'deltas') expect(read).toThrow(CorruptionError);
    else expect(() => readBaseOnly(disk)).toThrow(CorruptionError);
  });
});

/** Reads an entry of the base tables past the deltas that hide it. */
function readBaseOnly(disk: MemoryDisk): void {
  const reader = openMemoryStateReader(disk);
  const place = reader.place('count', 'total')!;
  for (const key of disk.spaces.state.values.keys()) {
    const bytes = Buffer.from(key, 'latin1');
    reader.read(place, bytes.readUInt16BE(2), bytes.subarray(8), new Uint8Array(0));
  }
}

class ObservedStore extends MemoryKeyValueStore {
  readonly #onRead: (space: Space) => void;

  constructor(disk: MemoryDisk, onRead: (space: Space) => void) {
    super(disk);
    this.#onRead = onRead;
  }

  override get(space: Space, key: Uint8Array): Uint8Array | undefined {
    this.#onRead(space);
    return super.get(space, key);
  }

  override range(space: Space, from: Uint8Array, to: Uint8Array, limit: number): KeyValueEntry[] {
    this.#onRead(space);
    return super.range(space, from, to, limit);
  }
}

/** Stores and states on both media, opened, crashed and reopened the same way. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  assert,
  type CheckpointStore,
  type Generation,
  type Key,
  type KeyedState,
  keyGroupOf,
  ownedGroups,
  ownerOf,
  type StateDelta,
} from '../../src/model/index.ts';
import {
  createKeyedState,
  MemoryDisk,
  openMemoryCheckpointStore,
  openMemoryStateReader,
  openStateDirectory,
  openStateReader,
  type StateReader,
} from '../../src/storage/index.ts';
import type { KeyValueReader } from '../../src/storage/key-value-store.ts';
import { LmdbKeyValueReader } from '../../src/storage/lmdb-key-value-store.ts';
import { MemoryKeyValueStore } from '../../src/storage/memory-key-value-store.ts';
import { KEY_SPACE_END, KEY_SPACE_START } from '../../src/storage/store-key.ts';
import { JOB, KEY_GROUPS, SteppingClock, sealed } from './support.ts';

export interface Medium {
  readonly name: string;
  openStore(): CheckpointStore;
  openReader(): StateReader;
  /** Entries of the base tables, and digests of key groups. */
  countStored(): number;
  dispose(): void;
}

const FOLD = { retainEpochs: 2, foldEveryEpochs: 2, foldBytes: 1_000_000 };

export function memoryMedium(disk: MemoryDisk = new MemoryDisk()): Medium {
  return {
    name: 'memory',
    openStore: () => openMemoryCheckpointStore({ disk, job: JOB, keyGroups: KEY_GROUPS, ...FOLD }),
    openReader: () => openMemoryStateReader(disk),
    countStored: () => countStored(new MemoryKeyValueStore(disk)),
    dispose: () => {},
  };
}

export function lmdbMedium(): Medium {
  const parent = mkdtempSync(join(tmpdir(), 'millrace-state-'));
  let dataPath = '';
  return {
    name: 'lmdb',
    openStore: () => {
      const directory = openStateDirectory({
        path: join(parent, 'state'),
        job: JOB,
        keyGroups: KEY_GROUPS,
        clock: new SteppingClock(),
        ...FOLD,
      });
      dataPath = directory.dataPath;
      const { store } = directory;
      const close = store.close.bind(store);
      return Object.assign(store, {
        close: () => {
          close();
          directory.close();
        },
      });
    },
    openReader: () => openStateReader(dataPath),
    countStored: () => countStored(new LmdbKeyValueReader(dataPath)),
    dispose: () => rmSync(parent, { recursive: true, force: true }),
  };
}

function countStored(store: KeyValueReader): number {
  const spaces = ['state', 'groups'] as const;
  const keys = spaces.flatMap((space) => store.keys(space, KEY_SPACE_START, KEY_SPACE_END, 1_000));
  store.close();
  return keys.length;
}

/** A job with one stateful node: a store, and a keyed state per subtask. */
export class StateRig {
  readonly #medium: Medium;
  readonly #cacheBytes: number;
  readonly #declare: (state: KeyedState) => void;
  store: CheckpointStore;
  states: KeyedState[] = [];
  now = 0;
  #reader: StateReader;
  #generation: Generation;
  #parallelism = 1;
  #frozen = 0;

  constructor(
    medium: Medium,
    parallelism = 1,
    cacheBytes = 1_000_000,
    declare: (state: KeyedState) => void = declareAll,
  ) {
    this.#medium = medium;
    this.#cacheBytes = cacheBytes;
    this.#declare = declare;
    this.store = medium.openStore();
    this.#reader = medium.openReader();
    this.#generation = this.store.beginGeneration();
    this.#openStates(parallelism);
  }

  /** The state of the subtask that owns `key`, with the key set. */
  at(key: Key): KeyedState {
    const state = this.states[this.ownerOf(key)]!;
    state.setCurrentKey(key);
    return state;
  }

  get isFrozen(): boolean {
    return this.#frozen > 0;
  }

  setNow(now: number): void {
    this.now = now;
    for (const state of this.states) state.setNow(now);
  }

  freeze(): void {
    this.#frozen = (this.store.latest()?.epoch ?? 0) + 1;
    for (const state of this.states) state.freeze(this.#frozen);
  }

  encodeSome(): void {
    for (const state of this.states) state.encodeFrozen(0);
  }

  /** Returns the deltas of the epoch. */
  commit(): readonly StateDelta[] {
    const deltas = this.states.flatMap((state) => {
      while (!state.encodeFrozen(1));
      return state.takeDelta() ?? [];
    });
    this.store.commit(sealed(this.#frozen, this.#generation, deltas));
    this.#frozen = 0;
    return deltas;
  }

  epoch(): void {
    this.freeze();
    this.commit();
  }

  /** Commits what there is and folds all of it; false while the base tables hold anything. */
  settleToNothing(): boolean {
    for (let epoch = 0; epoch < 4; epoch++) this.epoch();
    while (this.store.foldSlice('early'));
    for (const state of this.states) state.onFolded(this.store.foldedThrough());
    return this.#medium.countStored() === 0;
  }

  /** `told`: so many subtasks hear of it; the others hear of a later one. */
  fold(slices: number, told: number = this.states.length): void {
    for (let i = 0; i < slices && this.store.foldSlice(); i++);
    for (const state of this.states.slice(0, told)) state.onFolded(this.store.foldedThrough());
  }

  /** The subtask begins anew at the last committed epoch, on the same reader, while the others and the store go on. */
  reopen(subtask: number): void {
    assert(!this.isFrozen, 'a subtask that has frozen an epoch is not begun anew within it');
    this.states[subtask]!.close();
    this.states[subtask] = this.#openState(subtask);
  }

  ownerOf(key: Key): number {
    return ownerOf(keyGroupOf(key, KEY_GROUPS), this.#parallelism, KEY_GROUPS);
  }

  /** Everything not committed is lost. */
  crash(parallelism: number): void {
    this.#reader.close();
    this.store.close();
    this.#frozen = 0;
    this.store = this.#medium.openStore();
    this.#reader = this.#medium.openReader();
    this.#generation = this.store.beginGeneration();
    this.#openStates(parallelism);
  }

  close(): void {
    this.#reader.close();
    this.store.close();
  }

  #openStates(parallelism: number): void {
    this.#parallelism = parallelism;
    this.states = Array.from({ length: parallelism }, (_, subtask) => this.#openState(subtask));
  }

  #openState(subtask: number): KeyedState {
    const state = createKeyedState({
      reader: this.#reader,
      node: 'count',
      subtask,
      groups: ownedGroups(subtask, this.#parallelism, KEY_GROUPS),
      keyGroups: KEY_GROUPS,
      epoch: this.store.latest()?.epoch ?? 0,
      cacheBytes: this.#cacheBytes,
      clock: new SteppingClock(1),
    });
    state.setNow(this.now);
    this.#declare(state);
    return state;
  }
}

function declareAll(state: KeyedState): void {
  state.value('total');
  state.list('history');
  state.map('parts');
}

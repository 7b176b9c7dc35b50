/** State that every subtask keeps for keys of all groups: the same entries arrive from several subtasks in one epoch. */
import { describe, expect, it } from 'vitest';
import type { CheckpointStore, Key, KeyedState } from '../../src/model/index.ts';
import { exportEntries } from '../../src/storage/export-entries.ts';
import {
  createKeyedState,
  MemoryDisk,
  openMemoryCheckpointStore,
  openMemoryStateReader,
} from '../../src/storage/index.ts';
import { readCatalog } from '../../src/storage/ledger.ts';
import { MemoryKeyValueStore } from '../../src/storage/memory-key-value-store.ts';
import { verifyState } from '../../src/storage/verify-state.ts';
import { ALL_GROUPS, JOB, KEY_GROUPS, SteppingClock, sealed } from './support.ts';

const TTL = { ttlMs: 1_000 };

class BroadcastJob {
  readonly store: CheckpointStore;
  readonly states: readonly KeyedState[];
  readonly #generation: number;

  constructor(disk: MemoryDisk, parallelism: number) {
    this.store = openMemoryCheckpointStore({ disk, job: JOB, keyGroups: KEY_GROUPS, foldEveryEpochs: 1 });
    this.#generation = this.store.beginGeneration();
    this.states = Array.from({ length: parallelism }, (_, subtask) => {
      const state = createKeyedState({
        reader: openMemoryStateReader(disk),
        node: 'count',
        subtask,
        groups: ALL_GROUPS,
        keyGroups: KEY_GROUPS,
        epoch: this.store.latest()?.epoch ?? 0,
        cacheBytes: 2_000,
        clock: new SteppingClock(1),
      });
      state.map('table', TTL);
      state.timers('event');
      return state;
    });
  }

  /** What every subtask does with the same record. */
  onAll(key: Key, change: (state: KeyedState) => void): void {
    for (const state of this.states) {
      state.setCurrentKey(key);
      change(state);
    }
  }

  epoch(): void {
    const epoch = (this.store.latest()?.epoch ?? 0) + 1;
    const deltas = this.states.flatMap((state) => {
      state.freeze(epoch);
      while (!state.encodeFrozen(1));
      return state.takeDelta() ?? [];
    });
    this.store.commit(sealed(epoch, this.#generation, deltas));
  }

  fold(): void {
    while (this.store.foldSlice('early'));
    for (const state of this.states) state.onFolded(this.store.foldedThrough());
  }
}

function read(state: KeyedState, key: Key): unknown {
  state.setCurrentKey(key);
  return state.map('table').get('row');
}

describe('broadcast state', () => {
  it('is restored into any number of subtasks, whole, from the deltas and from the base tables, and verifies', () => {
    const disk = new MemoryDisk();
    const first = new BroadcastJob(disk, 3);
    for (let n = 0; n < 50; n++) {
      first.onAll(n, (state) => {
        state.map('table').set('row', { n });
        state.timers('event').add(n, 'due');
      });
      if (n % 10 === 9) {
        first.epoch();
        first.fold();
      }
    }
    first.store.close();

    for (const parallelism of [1, 4]) {
      const job = new BroadcastJob(disk, parallelism);
      for (const state of job.states) {
        for (let n = 0; n < 50; n++) expect(read(state, n)).toEqual({ n });
        expect(state.nextTimerAt('event')).toBe(0);
      }
      job.store.close();
    }
    const raw = new MemoryKeyValueStore(disk);
    expect(verifyState(raw).problems).toEqual([]);
    const rows = [...exportEntries(raw, readCatalog(raw), 4, 5)].filter(({ kind }) => kind === 'map');
    expect(rows.map(({ key }) => key as number).sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  it('is taken back by all of them alike: nothing is left when it was deleted, expired and fired', () => {
    const disk = new MemoryDisk();
    const job = new BroadcastJob(disk, 3);
    for (let n = 0; n < 50; n++) {
      job.onAll(n, (state) => {
        state.map('table').set('row', n);
        state.timers('event').add(n, 'due');
      });
    }
    job.epoch();
    job.epoch();
    job.fold();
    for (let n = 0; n < 25; n++) job.onAll(n, (state) => state.map('table').delete('row'));
    for (const state of job.states) {
      state.setNow(5_000);
      while (state.removeExpired(7));
      for (let n = 0; n < 50; n++) expect(state.takeDueTimer('event', 100)?.key).toBe(n);
    }
    for (let epoch = 0; epoch < 3; epoch++) job.epoch();
    job.fold();

    expect(disk.spaces.state.values.size + disk.spaces.groups.values.size).toBe(0);
    job.store.close();
  });
});

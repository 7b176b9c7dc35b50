/**
 * Keyed state alone, with more keys than the heap holds: values that are set and later cleared by timers, or left to expire, in overlapping
 * waves, with epochs and folds as in a job. Ends with code 1 when anything is left in the base tables, or a key was not what it should be.
 *
 *   npm run test:bounded:alone -- [--keys 10000000] [--wave 200000] [--cache-mib 64] [--life 500000]
 *
 * The heap is bounded by the npm script: running out of it is the failure this looks for.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type CheckpointManifest, type KeyedState, ownedGroups, SystemClock } from '../src/model/index.ts';
import {
  createKeyedState,
  openStateDirectory,
  openStateReader,
  STATE_FORMAT_VERSION,
  type StateDirectory,
  type StateReader,
} from '../src/storage/index.ts';
import { LmdbKeyValueReader } from '../src/storage/lmdb-key-value-store.ts';
import { KEY_SPACE_END, KEY_SPACE_START } from '../src/storage/store-key.ts';

const JOB = 'bounded-state';
const NODE = 'keys';
const KEY_GROUPS = 128;
const RECORDS_PER_EPOCH = 20_000;

const { values: wanted } = parseArgs({
  options: {
    keys: { type: 'string', default: '10000000' },
    wave: { type: 'string', default: '200000' },
    'cache-mib': { type: 'string', default: '64' },
    life: { type: 'string', default: '500000' },
  },
});
const keys = Number(wanted.keys);
const wave = Number(wanted.wave);
/** A key is gone so long after it was set. Keys are set one per millisecond. */
const lifeMs = Number(wanted.life);

class BoundedRun {
  heapBytesMax = 0;
  readonly #directory: StateDirectory;
  readonly #reader: StateReader;
  readonly #state: KeyedState;
  readonly #generation: number;
  #epoch = 0;
  #sinceEpoch = 0;

  constructor(path: string, cacheBytes: number) {
    this.#directory = openStateDirectory({ path, job: JOB, keyGroups: KEY_GROUPS, clock: new SystemClock() });
    this.#reader = openStateReader(this.#directory.dataPath);
    this.#generation = this.#directory.store.beginGeneration();
    this.#state = createKeyedState({
      reader: this.#reader,
      node: NODE,
      subtask: 0,
      groups: ownedGroups(0, 1, KEY_GROUPS),
      keyGroups: KEY_GROUPS,
      epoch: 0,
      cacheBytes,
      clock: new SystemClock(),
    });
  }

  /** Every other key is cleared by a timer; the others expire. */
  set(key: number): void {
    const now = key;
    this.#state.setNow(now);
    this.#state.setCurrentKey(`key ${key}`);
    if (key % 2 === 0) {
      this.#state.value<number>('cleared').set(key);
      this.#state.timers('processing').add(now + lifeMs, 'clear');
    } else {
      this.#state.value<number>('expiring', { ttlMs: lifeMs }).set(key);
    }
    this.passTime(now);
    if (++this.#sinceEpoch === RECORDS_PER_EPOCH) this.epoch();
  }

  passTime(now: number): void {
    this.#state.setNow(now);
    for (;;) {
      const due = this.#state.takeDueTimer('processing', now);
      if (due === undefined) break;
      const value = this.#state.value<number>('cleared');
      if (`key ${value.get()}` !== due.key) throw new Error(`${String(due.key)} holds ${value.get()}`);
      value.clear();
      if (++this.#sinceEpoch >= RECORDS_PER_EPOCH) this.epoch();
    }
    while (this.#state.nextExpiryAt() <= now) {
      this.#state.removeExpired(256);
      this.#sinceEpoch += 256;
      if (this.#sinceEpoch >= RECORDS_PER_EPOCH) this.epoch();
    }
  }

  epoch(): void {
    this.#sinceEpoch = 0;
    this.#epoch++;
    this.#state.freeze(this.#epoch);
    while (!this.#state.encodeFrozen(10));
    const delta = this.#state.takeDelta();
    this.#directory.store.commit({
      manifest: manifestOf(this.#epoch, this.#generation),
      deltas: delta === undefined ? [] : [delta],
      rows: [],
      deadLetters: [],
    });
    while (this.#directory.store.foldSlice());
    this.#state.onFolded(this.#directory.store.foldedThrough());
    this.heapBytesMax = Math.max(this.heapBytesMax, process.memoryUsage().heapUsed);
  }

  memoryBytes(): number {
    return this.#state.memory().bytes;
  }

  /** Entries left in the base tables when everything is folded. */
  finish(): number {
    for (let epoch = 0; epoch < 3; epoch++) this.epoch();
    while (this.#directory.store.foldSlice('early'));
    const raw = new LmdbKeyValueReader(this.#directory.dataPath);
    const left = raw.keys('state', KEY_SPACE_START, KEY_SPACE_END, 1_000).length;
    raw.close();
    this.#reader.close();
    this.#directory.close();
    return left;
  }
}

function manifestOf(epoch: number, generation: number): CheckpointManifest {
  const never = Number.POSITIVE_INFINITY;
  return {
    formatVersion: STATE_FORMAT_VERSION,
    job: JOB,
    epoch,
    generation,
    fingerprint: JOB,
    nodes: { [NODE]: { kind: 'process', identity: {}, states: [] } },
    keyGroups: KEY_GROUPS,
    committedAt: epoch,
    offsets: {},
    tokens: {},
    totals: { recordsRead: 0, recordsWritten: 0, recordsSkipped: 0, deadLetters: 0 },
    time: { policy: 'min', splits: {}, stages: {}, nextEventTimer: never, nextProcessingTimer: never, late: {} },
    isComplete: false,
  };
}

const parent = mkdtempSync(join(tmpdir(), 'millrace-bounded-'));
try {
  const run = new BoundedRun(join(parent, 'state'), Number(wanted['cache-mib']) * 2 ** 20);
  const begun = performance.now();
  for (let key = 0; key < keys; key++) {
    run.set(key);
    if ((key + 1) % wave === 0) report(run, key + 1, begun);
  }
  run.passTime(keys + lifeMs);
  const left = run.finish();
  report(run, keys, begun);
  console.log(`${left} entries are left in the base tables`);
  process.exitCode = left === 0 ? 0 : 1;
} finally {
  rmSync(parent, { recursive: true, force: true });
}

function report(run: BoundedRun, key: number, begun: number): void {
  const seconds = (performance.now() - begun) / 1000;
  const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
  console.log(
    `${key} keys, ${Math.round(key / seconds)}/s, cells ${mib(run.memoryBytes())}, heap at most ${mib(run.heapBytesMax)}`,
  );
}

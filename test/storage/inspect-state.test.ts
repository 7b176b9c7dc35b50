import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeKey } from '../../src/codec/key-codec.ts';
import { RowBlockBuilder } from '../../src/codec/row-block.ts';
import { type KeyedState, OptionError } from '../../src/model/index.ts';
import {
  createKeyedState,
  inspectState,
  openStateDirectory,
  openStateReader,
  type StateDirectory,
  type StateReader,
} from '../../src/storage/index.ts';
import type { Space } from '../../src/storage/key-value-store.ts';
import { LmdbKeyValueStore } from '../../src/storage/lmdb-key-value-store.ts';
import { ALL_GROUPS, JOB, KEY_GROUPS, SteppingClock, sealed } from './support.ts';

let parent = '';
let path = '';

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'millrace-inspect-'));
  path = join(parent, 'state');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

/** A directory with six epochs, folded through the fourth; a list, a map, a value, rows and a dead letter. */
class Job {
  readonly directory: StateDirectory;
  readonly reader: StateReader;
  readonly state: KeyedState;
  readonly generation: number;
  #epoch = 0;

  constructor() {
    this.directory = openStateDirectory({
      path,
      job: JOB,
      keyGroups: KEY_GROUPS,
      clock: new SteppingClock(),
      retainEpochs: 3,
      foldEveryEpochs: 1,
    });
    this.reader = openStateReader(this.directory.dataPath);
    this.generation = this.directory.store.beginGeneration();
    this.state = createKeyedState({
      reader: this.reader,
      node: 'count',
      subtask: 0,
      groups: ALL_GROUPS,
      keyGroups: KEY_GROUPS,
      epoch: 0,
      cacheBytes: 0,
      clock: new SteppingClock(),
    });
    this.state.value('total');
    this.state.list('history');
    this.state.map('parts');
  }

  epoch(): void {
    this.#epoch++;
    const rows = new RowBlockBuilder();
    rows.add(encodeKey('row'), Uint8Array.of(this.#epoch));
    rows.add(encodeKey('r'.repeat(3_000)), Uint8Array.of(this.#epoch));
    for (const key of ['a', 'b', this.#epoch]) {
      this.state.setCurrentKey(key);
      this.state.value('total').set({ epoch: this.#epoch });
      for (let i = 0; i < 20; i++) this.state.list('history').append(this.#epoch * 100 + i);
      this.state.map('parts').set(`p${this.#epoch}`, this.#epoch);
    }
    this.state.freeze(this.#epoch);
    while (!this.state.encodeFrozen(1));
    const letter = { node: 's', split: 'f', offset: '1', reason: 'no JSON', raw: Uint8Array.of(1), rawBytes: 1 };
    this.directory.store.commit(
      sealed(this.#epoch, this.generation, [this.state.takeDelta()!], {
        rows: [{ table: 'totals', block: rows.take(), count: 2 }],
        deadLetters: this.#epoch === 2 ? [letter] : [],
      }),
    );
  }

  fold(): void {
    while (this.directory.store.foldSlice());
    this.state.onFolded(this.directory.store.foldedThrough());
  }

  close(): void {
    this.reader.close();
    this.directory.close();
  }
}

function sixEpochs(): Job {
  const job = new Job();
  for (let epoch = 1; epoch <= 6; epoch++) {
    job.epoch();
    job.fold();
  }
  return job;
}

/** Changes stored bytes behind the back of everything. */
function damage(space: Space, change: (bytes: Uint8Array) => Uint8Array | undefined): void {
  const store = new LmdbKeyValueStore(join(path, 'data.mdb'));
  const entry = store.last(space)!;
  const changed = change(entry.value.slice());
  store.transact((writer) => {
    if (changed === undefined) writer.remove(space, entry.key);
    else writer.put(space, entry.key, changed);
  });
  store.close();
}

function flipLastBit(bytes: Uint8Array): Uint8Array {
  bytes[bytes.length - 1]! ^= 1;
  return bytes;
}

describe('looking into a state directory', () => {
  it.each([
    ['while a job runs', true],
    ['when nobody has it open', false],
  ])('shows epochs, state, rows and dead letters %s', (_case, isRunning) => {
    const job = sixEpochs();
    if (!isRunning) job.close();

    const inspection = inspectState(path);

    expect(inspection.descriptor.job).toBe(JOB);
    expect(inspection.list().map((manifest) => manifest.epoch)).toEqual([4, 5, 6]);
    expect(inspection.show(4)?.changes).toBeUndefined();
    expect(inspection.show(6)?.changes).toEqual([{ node: 'count', entries: 12, bytes: expect.any(Number) }]);
    expect(inspection.show()?.manifest.epoch).toBe(6);
    expect(inspection.show(1)).toBeUndefined();
    expect(inspection.states()).toEqual([
      { node: 'count', state: 'total', kind: 'value' },
      { node: 'count', state: 'history', kind: 'list' },
      { node: 'count', state: 'parts', kind: 'map' },
    ]);
    expect([...inspection.deadLetters()].map(({ epoch, reason }) => [epoch, reason])).toEqual([[2, 'no JSON']]);
    expect([...inspection.rows('totals')].map(({ key, value }) => [key.length, ...value])).toEqual([
      [4, 6],
      [3_001, 6],
    ]);
    expect([...inspection.rows('total')]).toEqual([]);
    inspection.close();
    if (isRunning) job.close();
  });

  it('gives the state of the latest epoch: base tables and unfolded deltas together', () => {
    sixEpochs().close();

    const inspection = inspectState(path);

    expect(inspection.get('count', 'total', 'a')).toEqual({ epoch: 6 });
    expect(inspection.get('count', 'total', 1)).toEqual({ epoch: 1 });
    expect(inspection.get('count', 'total', 'nobody')).toBeUndefined();
    expect(inspection.get('count', 'nothing', 'a')).toBeUndefined();
    expect(inspection.get('count', 'history', 'b')).toHaveLength(120);
    expect(inspection.get('count', 'parts', 'b')).toEqual([1, 2, 3, 4, 5, 6].map((n) => [`p${n}`, n]));
    inspection.close();
  });

  it('exports every entry once, lists in their order', () => {
    sixEpochs().close();

    const inspection = inspectState(path);
    const entries = [...inspection.entries()];
    inspection.close();

    expect(entries.filter((entry) => entry.state === 'total')).toHaveLength(8);
    const history = entries.filter((entry) => entry.state === 'history' && entry.key === 'a');
    expect(history.map((entry) => entry.at)).toEqual(Array.from({ length: 120 }, (_, index) => index));
    expect(history.map((entry) => entry.value)).toEqual(
      Array.from({ length: 120 }, (_, index) => (Math.floor(index / 20) + 1) * 100 + (index % 20)),
    );
    const parts = entries.filter((entry) => entry.state === 'parts' && entry.key === 'b');
    expect(parts.map((entry) => [entry.at, entry.value])).toEqual([1, 2, 3, 4, 5, 6].map((n) => [`p${n}`, n]));
  });

  it('sees one moment, whatever the job commits and folds meanwhile', () => {
    const job = sixEpochs();
    const inspection = inspectState(path);
    const entries = inspection.entries();
    entries.next();

    for (let epoch = 7; epoch <= 12; epoch++) {
      job.epoch();
      job.fold();
    }

    const totals = [...entries].filter((entry) => entry.state === 'total');
    for (const { value } of totals) expect((value as { epoch: number }).epoch).toBeLessThanOrEqual(6);
    expect(inspection.get('count', 'total', 'a')).toEqual({ epoch: 6 });
    expect(inspection.verify().problems).toEqual([]);
    inspection.close();
    job.close();
  });

  it('says so where there is no state directory', () => {
    expect(() => inspectState(join(parent, 'nowhere'))).toThrow(OptionError);
  });
});

describe('verifying a state directory', () => {
  it('finds nothing wrong with a sound one, and counts what it read', () => {
    sixEpochs().close();

    const inspection = inspectState(path);

    expect(inspection.verify()).toEqual({
      problems: [],
      problemCount: 0,
      manifests: 3,
      plans: 0,
      deltas: 2,
      entries: expect.any(Number),
      rows: 2,
      deadLetters: 1,
    });
    inspection.close();
  });

  it.each([
    ['a changed manifest', 'manifests', flipLastBit, /the manifest of epoch 6 does not match its checksum/],
    ['a changed delta', 'deltas', flipLastBit, /a delta of epoch 6 does not match its checksum/],
    ['a changed entry', 'state', flipLastBit, /an entry of node 0, key group \d+, does not match its checksum/],
    [
      'an entry that is gone',
      'state',
      () => undefined,
      /key group \d+ of node 0 has \d+ entries where \d+ were written/,
    ],
    ['a changed digest', 'groups', flipLastBit, /the digest of a key group does not match/],
    ['a digest that is gone', 'groups', () => undefined, /key group \d+ of node 0 has lost its digest/],
    ['a changed row', 'tables', flipLastBit, /a row of a table does not match its checksum/],
    ['a changed dead letter', 'dead-letters', flipLastBit, /a dead letter of epoch 2 does not match its checksum/],
    ['a changed catalog, or other ledger entry', 'meta', flipLastBit, /does not match its checksum/],
  ] as const)('reports %s, and throws nothing', (_case, space, change, message) => {
    sixEpochs().close();
    damage(space, change);

    const inspection = inspectState(path);
    const { problems } = inspection.verify();
    inspection.close();

    expect(problems.join('\n')).toMatch(message);
  });
});

describe('the reader of a worker', () => {
  it('can be terminated at any instruction while the driver commits and folds (F1)', async () => {
    const job = sixEpochs();
    for (let round = 0; round < 3; round++) {
      const worker = new Worker(new URL('./fixtures/reading-worker.js', import.meta.url), {
        workerData: job.directory.dataPath,
      });
      await new Promise((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
      job.epoch();
      job.fold();

      await worker.terminate();

      job.epoch();
      job.fold();
    }
    expect(job.directory.store.latest()?.epoch).toBe(12);
    job.close();
  }, 60_000);

  it('sees after a refresh what was committed and folded since', () => {
    const job = new Job();
    const late = openStateReader(job.directory.dataPath);
    expect(late.foldedThrough()).toBe(0);
    for (let epoch = 1; epoch <= 4; epoch++) job.epoch();
    job.fold();

    expect(late.refresh()).toBe(2);

    expect(late.place('count', 'total')).toEqual({ node: 0, state: 0 });
    late.close();
    job.close();
  });
});

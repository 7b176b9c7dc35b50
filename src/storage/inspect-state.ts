/**
 * A look into a state directory without running the job: read-only, with or without a running owner, and everything as
 * of one moment. Close it soon: while it is open, LMDB keeps the pages it sees.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type BatchPlan,
  type CheckpointManifest,
  type Clock,
  type DeadLetter,
  type Epoch,
  type Key,
  type NodeId,
  OptionError,
  type StateKind,
} from '../model/index.ts';
import { tablePrefix } from './base-key.ts';
import { openRecord } from './base-record.ts';
import { DeltaReader } from './delta-reader.ts';
import { exportEntries, type StateEntry } from './export-entries.ts';
import type { KeyValueReader } from './key-value-store.ts';
import { LayeredKeyedState } from './layered-keyed-state.ts';
import { openManifest, readCatalog, readFoldProgress, readLatestManifest, readManifest, readPlan } from './ledger.ts';
import { LmdbKeyValueReader } from './lmdb-key-value-store.ts';
import { resolvePlan } from './resolve-plan.ts';
import { scanSpace } from './scan-space.ts';
import { unsealValue } from './sealed-bytes.ts';
import { DESCRIPTOR_FILE, decodeDescriptor, type StateDescriptor } from './state-descriptor.ts';
import { dataPathOf } from './state-paths.ts';
import { StoredStateReader } from './state-reader.ts';
import { epochKey, epochOfKey, KEY_SPACE_END, KEY_SPACE_START, prefixEnd } from './store-key.ts';
import { type VerifyReport, verifyState } from './verify-state.ts';

/** What one retained epoch changed. */
export interface EpochDetail {
  readonly manifest: CheckpointManifest;
  /** Changed entries and bytes by node. `undefined`: folded into the base tables already, not known any more. */
  readonly changes: readonly { readonly node: NodeId; readonly entries: number; readonly bytes: number }[] | undefined;
  readonly deadLetters: number;
}

export interface TableRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface StateInspection {
  /** Absolute. */
  readonly path: string;
  readonly descriptor: StateDescriptor;
  /** Manifests of the retained epochs, oldest first. */
  list(): CheckpointManifest[];
  /** `undefined` when that epoch is not retained. Default: the latest. */
  show(epoch?: Epoch): EpochDetail | undefined;
  /** The batch that was planned behind the latest epoch and is not committed. */
  planned(): BatchPlan | undefined;
  /** Every state that has ever been stored. */
  states(): { readonly node: NodeId; readonly state: string; readonly kind: StateKind }[];
  /**
   * One key of one state: its value, the array of its list, the `[key, value]` pairs of its map, the `[time, tag]` pairs of its timers;
   * `undefined`: nothing. What has expired is there until the job has removed it.
   */
  get(node: NodeId, state: string, key: Key): unknown;
  /** All keyed state of the latest epoch. */
  entries(): Generator<StateEntry>;
  deadLetters(): Generator<DeadLetter & { readonly epoch: Epoch }>;
  /** Rows of a table sink, ascending by key. */
  rows(table: string): Generator<TableRow>;
  verify(): VerifyReport;
  close(): void;
}

/** Throws `OptionError` when there is no state directory, `CorruptionError` or `IncompatiblePlanError` when it cannot be read. */
export function inspectState(path: string): StateInspection {
  const absolute = resolve(path);
  const descriptor = decodeDescriptor(readDescriptor(absolute), absolute);
  return new StoredStateInspection(
    absolute,
    descriptor,
    new LmdbKeyValueReader(dataPathOf(absolute), { isPinned: true }),
  );
}

class StoredStateInspection implements StateInspection {
  readonly path: string;
  readonly descriptor: StateDescriptor;
  readonly #store: KeyValueReader;

  constructor(path: string, descriptor: StateDescriptor, store: KeyValueReader) {
    this.path = path;
    this.descriptor = descriptor;
    this.#store = store;
  }

  list(): CheckpointManifest[] {
    const manifests = scanSpace(this.#store, 'manifests', KEY_SPACE_START, KEY_SPACE_END);
    return Array.from(manifests, ({ key, value }) => openManifest(key, value));
  }

  show(epoch?: Epoch): EpochDetail | undefined {
    const manifest = epoch === undefined ? readLatestManifest(this.#store) : readManifest(this.#store, epoch);
    if (manifest === undefined) return undefined;
    const [from, to] = [epochKey(manifest.epoch), epochKey(manifest.epoch + 1)];
    const deadLetters = [...scanSpace(this.#store, 'dead-letters', from, to)].length;
    if (manifest.epoch <= readFoldProgress(this.#store).through) return { manifest, changes: undefined, deadLetters };
    const changes = new Map<NodeId, { node: NodeId; entries: number; bytes: number }>();
    for (const { value } of scanSpace(this.#store, 'deltas', from, to)) {
      const { node, entries } = new DeltaReader(value, `a delta of epoch ${manifest.epoch}`);
      const sum = changes.get(node) ?? { node, entries: 0, bytes: 0 };
      changes.set(node, { node, entries: sum.entries + entries, bytes: sum.bytes + value.length });
    }
    return { manifest, changes: [...changes.values()], deadLetters };
  }

  planned(): BatchPlan | undefined {
    return resolvePlan(readPlan(this.#store), readLatestManifest(this.#store)?.epoch ?? 0);
  }

  states(): { readonly node: NodeId; readonly state: string; readonly kind: StateKind }[] {
    const catalog = readCatalog(this.#store);
    return catalog
      .nodes()
      .flatMap((node) => catalog.states(node).map(({ name, kind }) => ({ node, state: name, kind })));
  }

  get(node: NodeId, state: string, key: Key): unknown {
    const reader = new StoredStateReader(this.#store);
    const kind = reader.kind(node, state);
    if (kind === undefined) return undefined;
    if (kind === 'timers') return this.#timers(node, state, key);
    const { keyGroups } = this.descriptor;
    const keyed = new LayeredKeyedState({
      reader,
      node,
      subtask: 0,
      groups: { first: 0, last: keyGroups - 1 },
      keyGroups,
      epoch: readLatestManifest(this.#store)?.epoch ?? 0,
      cacheBytes: 0,
      clock: NO_CLOCK,
    });
    keyed.setCurrentKey(key);
    if (kind === 'value') return keyed.value(state).get();
    const all = kind === 'list' ? [...keyed.list(state).values()] : [...keyed.map(state).entries()];
    return all.length === 0 ? undefined : all;
  }

  /** Timers stand in the order of their times, those of all keys together: all of them are looked at. */
  #timers(node: NodeId, state: string, key: Key): unknown {
    const timers: unknown[] = [];
    for (const entry of this.entries()) {
      if (entry.node !== node || entry.state !== state || !Object.is(entry.key, key)) continue;
      timers.push([entry.at, entry.value]);
    }
    return timers.length === 0 ? undefined : timers;
  }

  entries(): Generator<StateEntry> {
    const { through } = readFoldProgress(this.#store);
    const latest = readLatestManifest(this.#store)?.epoch ?? 0;
    return exportEntries(this.#store, readCatalog(this.#store), through, latest);
  }

  *deadLetters(): Generator<DeadLetter & { readonly epoch: Epoch }> {
    for (const { key, value } of scanSpace(this.#store, 'dead-letters', KEY_SPACE_START, KEY_SPACE_END)) {
      const epoch = epochOfKey(key);
      const letter = unsealValue(key, value, `a dead letter of epoch ${epoch}`) as DeadLetter;
      yield { ...letter, epoch };
    }
  }

  *rows(table: string): Generator<TableRow> {
    const prefix = tablePrefix(table);
    for (const { key, value } of scanSpace(this.#store, 'tables', prefix, prefixEnd(prefix))) {
      const record = openRecord(key, value, `a row of table "${table}"`);
      yield { key: record.sub ?? key.subarray(prefix.length), value: record.value };
    }
  }

  verify(): VerifyReport {
    return verifyState(this.#store);
  }

  close(): void {
    this.#store.close();
  }
}

/** Nothing is frozen here, hence nobody looks at a clock. */
const NO_CLOCK: Clock = {
  now: () => 0,
  monotonic: () => 0,
  schedule: () => ({ cancel: () => {} }),
};

function readDescriptor(path: string): string {
  try {
    return readFileSync(join(path, DESCRIPTOR_FILE), 'utf8');
  } catch (cause) {
    throw new OptionError(`there is no state directory at ${path}; give the directory that the job runs with`, [], {
      cause,
    });
  }
}

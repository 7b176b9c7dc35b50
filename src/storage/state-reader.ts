/**
 * Read access to committed keyed state: base tables and unfolded deltas. What a worker holds; it cannot write, whatever
 * the medium. Every record is checked before its value is handed out (reliability F8).
 */
import { CorruptionError, type Epoch, type KeyGroup, type NodeId, type StateKind } from '../model/index.ts';
import { baseKey, basePrefix, type StatePlace, SUB_ORDERED_BYTES, splitBaseKey } from './base-key.ts';
import { openRecord } from './base-record.ts';
import type { Catalog } from './catalog.ts';
import { DeltaReader } from './delta-reader.ts';
import type { KeyValueReader } from './key-value-store.ts';
import { readCatalog, readFoldProgress } from './ledger.ts';
import { deltaKey, epochKey, keyAfter, nodeOfDeltaKey, prefixEnd } from './store-key.ts';

const SCAN_BATCH = 256;
const NO_SUB: Uint8Array = new Uint8Array(0);

/** One entry of a map or list as stored. */
export interface ScannedEntry {
  readonly sub: Uint8Array;
  readonly value: Uint8Array;
}

export interface ScanOptions {
  /** The first sub key; default: from the beginning. */
  readonly from?: Uint8Array;
  /** Entries read at once. */
  readonly batch?: number;
}

export interface StateReader {
  /** The epoch through which the base tables are complete, as this reader sees it. */
  foldedThrough(): Epoch;
  /** Sees what has been committed and folded since; returns the new {@link foldedThrough}. */
  refresh(): Epoch;
  /** Catalog numbers of a state; `undefined`: nothing of it is in the base tables. */
  place(node: NodeId, state: string): StatePlace | undefined;
  /** Kind under which a state is stored. */
  kind(node: NodeId, state: string): StateKind | undefined;
  /** The value of one entry in the base tables. */
  read(place: StatePlace, group: KeyGroup, key: Uint8Array, sub: Uint8Array): Uint8Array | undefined;
  /** The entries of one key in the base tables, ascending by sub key, read in batches. */
  scan(place: StatePlace, group: KeyGroup, key: Uint8Array, options?: ScanOptions): Generator<ScannedEntry>;
  /** The unfolded deltas of a node up to `through`, newest epoch first. */
  deltas(node: NodeId, through: Epoch): Generator<DeltaReader>;
  close(): void;
}

export class StoredStateReader implements StateReader {
  readonly #store: KeyValueReader;
  #catalog: Catalog;
  #foldedThrough: Epoch;

  /** Owns `store` from now on. */
  constructor(store: KeyValueReader) {
    this.#store = store;
    this.#catalog = readCatalog(store);
    this.#foldedThrough = readFoldProgress(store).through;
  }

  foldedThrough(): Epoch {
    return this.#foldedThrough;
  }

  refresh(): Epoch {
    this.#store.refresh();
    this.#catalog = readCatalog(this.#store);
    this.#foldedThrough = readFoldProgress(this.#store).through;
    return this.#foldedThrough;
  }

  place(node: NodeId, state: string): StatePlace | undefined {
    return this.#catalog.place(node, state);
  }

  kind(node: NodeId, state: string): StateKind | undefined {
    return this.#catalog.states(node).find((entry) => entry.name === state)?.kind;
  }

  read(place: StatePlace, group: KeyGroup, key: Uint8Array, sub: Uint8Array): Uint8Array | undefined {
    const storedUnder = baseKey(place, group, key, sub);
    const sealed = this.#store.get('state', storedUnder);
    if (sealed === undefined) return undefined;
    const record = openRecord(storedUnder, sealed, this.#describe(place, group));
    if (
      (record.key !== undefined && !equal(record.key, key)) ||
      (record.sub !== undefined && !equal(record.sub, sub))
    ) {
      throw new CorruptionError(`${this.#describe(place, group)} holds another key than the one asked for`);
    }
    return record.value;
  }

  *scan(place: StatePlace, group: KeyGroup, key: Uint8Array, options: ScanOptions = {}): Generator<ScannedEntry> {
    const { from: first = NO_SUB, batch: batchEntries = SCAN_BATCH } = options;
    const prefix = basePrefix(place, group, key);
    const end = prefixEnd(prefix);
    // Not further than stored keys are in the order of their full sub keys.
    let from: Uint8Array = Buffer.concat([prefix, first.subarray(0, SUB_ORDERED_BYTES)]);
    // Entries whose stored keys agree in all the bytes that are ordered: sorted by their full sub keys before they leave.
    let ties: ScannedEntry[] = [];
    for (;;) {
      const batch = this.#store.range('state', from, end, batchEntries);
      for (const { key: storedUnder, value: sealed } of batch) {
        const record = openRecord(storedUnder, sealed, this.#describe(place, group));
        const sub = record.sub ?? splitBaseKey(storedUnder).sub!;
        if (Buffer.compare(sub, first) < 0) continue;
        if (ties.length > 0 && !isTie(ties[0]!.sub, sub)) {
          yield* ties.sort((a, b) => Buffer.compare(a.sub, b.sub));
          ties = [];
        }
        ties.push({ sub, value: record.value });
      }
      if (batch.length < batchEntries) break;
      from = keyAfter(batch[batch.length - 1]!.key);
    }
    yield* ties.sort((a, b) => Buffer.compare(a.sub, b.sub));
  }

  *deltas(node: NodeId, through: Epoch): Generator<DeltaReader> {
    const number = this.#catalog.nodeNumber(node);
    if (number === undefined) return;
    for (let epoch = through; epoch > this.#foldedThrough; epoch--) {
      let from = deltaKey(epoch, number, 0);
      for (;;) {
        const entry = this.#store.range('deltas', from, epochKey(epoch + 1), 1)[0];
        if (entry === undefined || nodeOfDeltaKey(entry.key) !== number) break;
        yield new DeltaReader(entry.value, `a delta of "${node}", epoch ${epoch},`);
        from = keyAfter(entry.key);
      }
    }
  }

  close(): void {
    this.#store.close();
  }

  #describe(place: StatePlace, group: KeyGroup): string {
    const state = this.#catalog.state(place)?.name ?? `number ${place.state}`;
    return `an entry of state "${state}" of "${this.#catalog.node(place.node) ?? place.node}", key group ${group},`;
  }
}

function isTie(a: Uint8Array, b: Uint8Array): boolean {
  return (
    a.length >= SUB_ORDERED_BYTES &&
    b.length >= SUB_ORDERED_BYTES &&
    equal(a.subarray(0, SUB_ORDERED_BYTES), b.subarray(0, SUB_ORDERED_BYTES))
  );
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

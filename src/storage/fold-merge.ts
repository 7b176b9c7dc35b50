/**
 * Merges deltas for folding: the last write of each entry wins. Fed and emptied in bounded steps; holds views into the
 * deltas, no copies. Entries are kept by node and key group, so that only one group at a time has to be sorted.
 */

import { assert } from '../model/index.ts';
import { baseKey, type StatePlace } from './base-key.ts';
import { sealRecord } from './base-record.ts';
import type { Catalog } from './catalog.ts';
import type { DeltaReader } from './delta-reader.ts';

/** One write into the base tables; `record` undefined deletes. */
export interface FoldWrite {
  readonly node: number;
  readonly group: number;
  readonly key: Uint8Array;
  readonly record: Uint8Array | undefined;
}

interface MergedEntry {
  readonly text: string;
  readonly storedUnder: Uint8Array;
  key: Uint8Array;
  sub: Uint8Array;
  value: Uint8Array | undefined;
}

interface Bucket {
  readonly node: number;
  readonly group: number;
  readonly entries: Map<string, MergedEntry>;
}

export class FoldMerge {
  readonly #buckets: Map<number, Bucket> = new Map();
  #order: Bucket[] | undefined;
  #sorted: MergedEntry[] = [];
  #bucket: Bucket | undefined;

  /** Takes up to `limit` entries of `delta`, whose epoch must not be below that of earlier ones. False at its end. */
  absorb(delta: DeltaReader, catalog: Catalog, limit: number): boolean {
    assert(this.#order === undefined, 'a merge that is being applied takes no more deltas');
    const places = delta.states.map((state) => catalog.place(delta.node, state.name));
    for (let taken = 0; taken < limit; taken++) {
      if (!delta.next()) return false;
      const place = places[delta.state];
      assert(place !== undefined, `the catalog knows every state of the delta of "${delta.node}"`);
      this.#put(place, delta);
    }
    return true;
  }

  /** The next writes in ascending key order, about `limit` entries or `bytesMax` bytes; empty when all were taken. */
  take(limit: number, bytesMax: number): FoldWrite[] {
    this.#order ??= [...this.#buckets.values()].sort((a, b) => b.node - a.node || b.group - a.group);
    const writes: FoldWrite[] = [];
    let bytes = 0;
    while (writes.length < limit && bytes < bytesMax && this.#load()) {
      const entry = this.#sorted.pop()!;
      const { storedUnder, key, sub, value } = entry;
      const record = value === undefined ? undefined : sealRecord(storedUnder, key, sub, value);
      writes.push({ node: this.#bucket!.node, group: this.#bucket!.group, key: storedUnder, record });
      bytes += storedUnder.length + (record?.length ?? 0);
    }
    return writes;
  }

  #put(place: StatePlace, delta: DeltaReader): void {
    const bucketNumber = place.node * 0x10000 + delta.group;
    let bucket = this.#buckets.get(bucketNumber);
    if (bucket === undefined) {
      bucket = { node: place.node, group: delta.group, entries: new Map() };
      this.#buckets.set(bucketNumber, bucket);
    }
    const storedUnder = baseKey(place, delta.group, delta.key, delta.sub);
    const text = latin1(storedUnder);
    const known = bucket.entries.get(text);
    if (known === undefined) {
      bucket.entries.set(text, { text, storedUnder, key: delta.key, sub: delta.sub, value: delta.value });
    } else {
      known.key = delta.key;
      known.sub = delta.sub;
      known.value = delta.value;
    }
  }

  /** Makes sure that `#sorted` (descending, so that the smallest is popped) has an entry; false at the end. */
  #load(): boolean {
    while (this.#sorted.length === 0) {
      const bucket = this.#order!.pop();
      if (bucket === undefined) return false;
      this.#bucket = bucket;
      this.#sorted = [...bucket.entries.values()].sort((a, b) => (a.text < b.text ? 1 : -1));
      bucket.entries.clear();
    }
    return true;
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

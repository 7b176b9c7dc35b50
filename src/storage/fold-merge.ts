/**
 * Merges deltas for folding: the last write of each entry wins. Fed and emptied in bounded steps.
 *
 * Of an entry it keeps where it stands, in two numbers, and makes the rest of one key group at a time: objects for all entries of a fold
 * would be ten times the size of the deltas, in the heap of the thread that commits.
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

/** A delta with the places of its states. */
interface PlacedDelta {
  readonly reader: DeltaReader;
  readonly places: readonly (StatePlace | undefined)[];
}

/** Entries of one key group of one node. */
interface Bucket {
  readonly node: number;
  readonly group: number;
  /** Pairs: number of the delta, position in it. In the order of their writing. */
  readonly spots: number[];
}

/** The last write of a key. */
interface MergedEntry {
  readonly text: string;
  readonly storedUnder: Uint8Array;
  readonly reader: DeltaReader;
  readonly position: number;
}

export class FoldMerge {
  readonly #deltas: PlacedDelta[] = [];
  readonly #buckets: Map<number, Bucket> = new Map();
  #order: Bucket[] | undefined;
  #sorted: MergedEntry[] = [];
  #bucket: Bucket | undefined;

  /** Takes up to `limit` entries of `delta`, whose epoch must not be below that of earlier ones. False at its end. */
  absorb(delta: DeltaReader, catalog: Catalog, limit: number): boolean {
    assert(this.#order === undefined, 'a merge that is being applied takes no more deltas');
    if (this.#deltas.at(-1)?.reader !== delta) {
      const places = delta.states.map((state) => catalog.place(delta.node, state.name));
      this.#deltas.push({ reader: delta, places });
    }
    for (let taken = 0; taken < limit; taken++) {
      if (!delta.next()) return false;
      this.#put(delta);
    }
    return true;
  }

  /** The next writes in ascending key order, about `limit` entries or `bytesMax` bytes; empty when all were taken. */
  take(limit: number, bytesMax: number): FoldWrite[] {
    this.#order ??= [...this.#buckets.values()].sort((a, b) => b.node - a.node || b.group - a.group);
    const writes: FoldWrite[] = [];
    let bytes = 0;
    while (writes.length < limit && bytes < bytesMax && this.#load()) {
      const { storedUnder, reader, position } = this.#sorted.pop()!;
      reader.moveTo(position);
      const { key, sub, value } = reader;
      const record = value === undefined ? undefined : sealRecord(storedUnder, key, sub, value);
      writes.push({ node: this.#bucket!.node, group: this.#bucket!.group, key: storedUnder, record });
      bytes += storedUnder.length + (record?.length ?? 0);
    }
    return writes;
  }

  #put(delta: DeltaReader): void {
    const last = this.#deltas.length - 1;
    const place = this.#deltas[last]!.places[delta.state];
    assert(place !== undefined, `the catalog knows every state of the delta of "${delta.node}"`);
    const bucketNumber = place.node * 0x10000 + delta.group;
    let bucket = this.#buckets.get(bucketNumber);
    if (bucket === undefined) {
      bucket = { node: place.node, group: delta.group, spots: [] };
      this.#buckets.set(bucketNumber, bucket);
    }
    bucket.spots.push(last, delta.position);
  }

  /** Makes sure that `#sorted` (descending, so that the smallest is popped) has an entry; false at the end. */
  #load(): boolean {
    while (this.#sorted.length === 0) {
      const bucket = this.#order!.pop();
      if (bucket === undefined) return false;
      this.#bucket = bucket;
      this.#sorted = this.#merged(bucket).sort((a, b) => (a.text < b.text ? 1 : -1));
      bucket.spots.length = 0;
    }
    return true;
  }

  #merged({ group, spots }: Bucket): MergedEntry[] {
    const entries = new Map<string, MergedEntry>();
    for (let i = 0; i < spots.length; i += 2) {
      const { reader, places } = this.#deltas[spots[i]!]!;
      const position = spots[i + 1]!;
      reader.moveTo(position);
      const storedUnder = baseKey(places[reader.state]!, group, reader.key, reader.sub);
      const text = latin1(storedUnder);
      entries.set(text, { text, storedUnder, reader, position });
    }
    return [...entries.values()];
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/**
 * Merges deltas for folding: the last write of each entry wins. Fed and emptied in bounded steps.
 *
 * Of an entry it keeps where it stands, in two numbers, and makes the rest of one state of one key group at a time: objects for all entries of
 * a fold would be ten times the size of the deltas, in the heap of the thread that commits.
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
  /** By state, then by key group: those it has entries in. */
  readonly buckets: readonly (Bucket | undefined)[][];
}

/** Entries of one state of one node in one key group: one range of the base tables. */
interface Bucket {
  readonly place: StatePlace;
  readonly group: number;
  /** Pairs: number of the delta, position in it. In the order of their writing. */
  readonly spots: number[];
}

export class FoldMerge {
  readonly #deltas: PlacedDelta[] = [];
  readonly #buckets: Map<string, Bucket> = new Map();
  #order: Bucket[] | undefined;
  #bucket: Bucket | undefined;
  /** Of the bucket at hand: the last write of each key, as an index into its spots. */
  #newest: Map<string, number> = new Map();
  #sorted: readonly string[] = [];
  #next = 0;

  /** Takes up to `limit` entries of `delta`, whose epoch must not be below that of earlier ones. False at its end. */
  absorb(delta: DeltaReader, catalog: Catalog, limit: number): boolean {
    assert(this.#order === undefined, 'a merge that is being applied takes no more deltas');
    if (this.#deltas.at(-1)?.reader !== delta) {
      const places = delta.states.map((state) => catalog.place(delta.node, state.name));
      this.#deltas.push({ reader: delta, places, buckets: places.map(() => []) });
    }
    const number = this.#deltas.length - 1;
    const placed = this.#deltas[number]!;
    for (let taken = 0; taken < limit; taken++) {
      if (!delta.next()) return false;
      const bucket = placed.buckets[delta.state]?.[delta.group] ?? this.#bucketOf(placed);
      bucket.spots.push(number, delta.position);
    }
    return true;
  }

  /**
   * The next writes, about `limit` entries or `bytesMax` bytes, one range of the base tables after the other and in each about in the order of
   * their keys; empty when all were taken.
   */
  take(limit: number, bytesMax: number): FoldWrite[] {
    this.#order ??= [...this.#buckets.values()].sort(descending);
    const writes: FoldWrite[] = [];
    let bytes = 0;
    while (writes.length < limit && bytes < bytesMax && this.#load()) {
      const { place, group, spots } = this.#bucket!;
      const spot = this.#newest.get(this.#sorted[this.#next++]!)!;
      const { reader } = this.#deltas[spots[spot]!]!;
      reader.moveTo(spots[spot + 1]!);
      const { key, sub, value } = reader;
      const storedUnder = baseKey(place, group, key, sub);
      const record = value === undefined ? undefined : sealRecord(storedUnder, key, sub, value);
      writes.push({ node: place.node, group, key: storedUnder, record });
      bytes += storedUnder.length + (record?.length ?? 0);
    }
    return writes;
  }

  /** That of the current entry of a delta. */
  #bucketOf({ reader, places, buckets }: PlacedDelta): Bucket {
    const { state, group } = reader;
    const place = places[state];
    assert(place !== undefined, `the catalog knows every state of the delta of "${reader.node}"`);
    const name = `${place.node} ${group} ${place.state}`;
    const bucket = this.#buckets.get(name) ?? { place, group, spots: [] };
    this.#buckets.set(name, bucket);
    buckets[state]![group] = bucket;
    return bucket;
  }

  /** Makes sure that there is an entry at hand; false at the end. */
  #load(): boolean {
    while (this.#next === this.#sorted.length) {
      if (this.#bucket !== undefined) this.#bucket.spots.length = 0;
      this.#bucket = this.#order!.pop();
      this.#newest = new Map();
      this.#next = 0;
      if (this.#bucket === undefined) {
        this.#sorted = [];
        return false;
      }
      this.#mergeBucket(this.#bucket.spots);
    }
    return true;
  }

  #mergeBucket(spots: readonly number[]): void {
    for (let i = 0; i < spots.length; i += 2) {
      const { reader } = this.#deltas[spots[i]!]!;
      reader.moveTo(spots[i + 1]!);
      this.#newest.set(reader.keyText(), i);
    }
    this.#sorted = [...this.#newest.keys()].sort();
  }
}

function descending(a: Bucket, b: Bucket): number {
  return b.place.node - a.place.node || b.group - a.group || b.place.state - a.place.state;
}

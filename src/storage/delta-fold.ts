/**
 * One fold in progress: takes the deltas of some epochs into memory in bounded steps, then writes them into the base
 * tables in small, sorted transactions, then declares them folded. Abandoning it at any step is harmless: the deltas are
 * removed last, and applying them again gives the same tables (I6).
 */
import type { Epoch, FoldSliceSize } from '../model/index.ts';
import type { Catalog } from './catalog.ts';
import type { CrashPoint } from './crash-points.ts';
import { DeltaReader } from './delta-reader.ts';
import { FoldMerge, type FoldWrite } from './fold-merge.ts';
import { type GroupDigest, readGroupDigest, replaceInDigest, writeGroupDigest } from './group-digest.ts';
import type { KeyValueReader, KeyValueWriter } from './key-value-store.ts';
import { writeFoldProgress } from './ledger.ts';
import { epochKey, keyAfter } from './store-key.ts';

/** Bounds of one step. */
interface StepBounds {
  readonly mergedEntries: number;
  /** Per transaction. */
  readonly writes: number;
  readonly writtenBytes: number;
}

/** Small: 1-2 ms. Large: fewer transactions, each of which costs a sync and the same upper pages again; and LMDB free lists that slow later commits down. */
const STEP_BOUNDS: Readonly<Record<FoldSliceSize, StepBounds>> = {
  small: { mergedEntries: 1_000, writes: 500, writtenBytes: 2 ** 20 },
  large: { mergedEntries: 16_000, writes: 4_000, writtenBytes: 4 * 2 ** 20 },
};

export interface DeltaFoldOptions {
  readonly store: Pick<KeyValueReader, 'range'>;
  readonly catalog: Catalog;
  /** Deltas behind this epoch ... */
  readonly after: Epoch;
  /** ... up to and including this one. */
  readonly through: Epoch;
  readonly crashPoint: CrashPoint;
}

export class DeltaFold {
  readonly through: Epoch;
  readonly #options: DeltaFoldOptions;
  readonly #merge: FoldMerge = new FoldMerge();
  readonly #end: Uint8Array;
  #next: Uint8Array;
  #delta: DeltaReader | undefined;
  #isMerged = false;

  constructor(options: DeltaFoldOptions) {
    this.#options = options;
    this.through = options.through;
    this.#next = epochKey(options.after + 1);
    this.#end = epochKey(options.through + 1);
  }

  /** One bounded step; `transact` is the fenced transaction of the owner. True while more is to do. */
  step(transact: (body: (writer: KeyValueWriter) => void) => void, size: FoldSliceSize): boolean {
    const bounds = STEP_BOUNDS[size];
    if (!this.#isMerged) {
      this.#isMerged = !this.#absorb(bounds.mergedEntries);
      return true;
    }
    const writes = this.#merge.take(bounds.writes, bounds.writtenBytes);
    if (writes.length === 0) return false;
    transact((writer) => {
      writeFoldProgress(writer, { through: this.#options.after, target: this.through });
      applyWrites(writer, writes);
      this.#options.crashPoint('storage.fold.inside');
    });
    this.#options.crashPoint('storage.fold.chunk');
    return true;
  }

  /** False when every delta has been taken in. */
  #absorb(entriesMax: number): boolean {
    if (this.#delta === undefined) {
      const entry = this.#options.store.range('deltas', this.#next, this.#end, 1)[0];
      if (entry === undefined) return false;
      this.#next = keyAfter(entry.key);
      this.#delta = new DeltaReader(entry.value, 'a delta about to be folded');
    }
    if (!this.#merge.absorb(this.#delta, this.#options.catalog, entriesMax)) this.#delta = undefined;
    return true;
  }
}

/** Applies writes, those of a group together, and keeps the digests of their groups in step. */
function applyWrites(writer: KeyValueWriter, writes: readonly FoldWrite[]): void {
  let at: FoldWrite | undefined;
  let digest: GroupDigest | undefined;
  const settle = (): void => {
    if (at !== undefined && digest !== undefined) writeGroupDigest(writer, at.node, at.group, digest);
  };
  for (const write of writes) {
    if (at === undefined || digest === undefined || at.node !== write.node || at.group !== write.group) {
      settle();
      digest = readGroupDigest(writer, write.node, write.group);
    }
    at = write;
    const before = writer.get('state', write.key);
    // Made and deleted between two folds: there is nothing of it.
    if (before === undefined && write.record === undefined) continue;
    digest = replaceInDigest(digest, before, write.record);
    if (write.record === undefined) writer.remove('state', write.key);
    else writer.put('state', write.key, write.record);
  }
  settle();
}

/**
 * What the deltas not yet in the base tables take in memory, by epoch: what fold planning and back-pressure look at (I8). Their bytes are on
 * disk; it is the cells of their entries that stay in the heaps of the workers until they are folded.
 */
import type { Epoch } from '../model/index.ts';
import { CELL_OVERHEAD_BYTES } from './cell.ts';
import { entriesOf } from './delta-reader.ts';
import type { KeyValueReader } from './key-value-store.ts';
import type { UnfoldedEpoch } from './plan-fold.ts';
import { epochKey, keyAfter } from './store-key.ts';

/** Estimate of the memory that the cells of a delta take. */
export function cellBytesOf(entries: number, deltaBytes: number): number {
  return entries * CELL_OVERHEAD_BYTES + deltaBytes;
}

export class UnfoldedDeltas {
  #epochs: UnfoldedEpoch[] = [];
  #bytes = 0;

  /** Counts what is stored behind `foldedThrough`, up to `latest`; one delta in memory at a time. */
  static scan(store: Pick<KeyValueReader, 'range'>, foldedThrough: Epoch, latest: Epoch): UnfoldedDeltas {
    const unfolded = new UnfoldedDeltas();
    for (let epoch = foldedThrough + 1; epoch <= latest; epoch++) {
      let bytes = 0;
      let from = epochKey(epoch);
      for (;;) {
        const entry = store.range('deltas', from, epochKey(epoch + 1), 1)[0];
        if (entry === undefined) break;
        bytes += cellBytesOf(entriesOf(entry.value), entry.value.length);
        from = keyAfter(entry.key);
      }
      unfolded.add(epoch, bytes);
    }
    return unfolded;
  }

  add(epoch: Epoch, bytes: number): void {
    this.#epochs.push({ epoch, bytes });
    this.#bytes += bytes;
  }

  dropThrough(epoch: Epoch): void {
    this.#epochs = this.#epochs.filter((entry) => entry.epoch > epoch);
    this.#bytes = this.#epochs.reduce((sum, entry) => sum + entry.bytes, 0);
  }

  epochs(): readonly UnfoldedEpoch[] {
    return this.#epochs;
  }

  bytes(): number {
    return this.#bytes;
  }
}

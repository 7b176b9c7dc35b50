/**
 * Records taken apart into the columns of a frame, in order. Filling columns as records come instead of keeping the records lets
 * these die young, and keeps what many frames in the making occupy small enough for the caches.
 *
 * The arrays stay and are filled again: they hold `length` records, and nothing behind them.
 */
import type { Key, StreamRecord } from '../model/index.ts';

export class FrameColumns {
  readonly timestamps: number[] = [];
  readonly ingestTimes: number[] = [];
  readonly keys: (Key | undefined)[] = [];
  readonly values: unknown[] = [];
  length = 0;

  add(record: StreamRecord): void {
    const at = this.length++;
    this.timestamps[at] = record.timestamp;
    this.ingestTimes[at] = record.ingestTime;
    this.keys[at] = record.key;
    this.values[at] = record.value;
  }

  /** Adds all of `other`. */
  append(other: FrameColumns): void {
    for (let i = 0; i < other.length; i++) {
      const at = this.length++;
      this.timestamps[at] = other.timestamps[i]!;
      this.ingestTimes[at] = other.ingestTimes[i]!;
      this.keys[at] = other.keys[i];
      this.values[at] = other.values[i];
    }
  }

  /** Drops the first `count` records. */
  drop(count: number): void {
    if (count < this.length) {
      this.timestamps.copyWithin(0, count, this.length);
      this.ingestTimes.copyWithin(0, count, this.length);
      this.keys.copyWithin(0, count, this.length);
      this.values.copyWithin(0, count, this.length);
    }
    const kept = this.length - count;
    // Nothing may keep values alive that have left.
    this.keys.fill(undefined, kept, this.length);
    this.values.fill(undefined, kept, this.length);
    this.length = kept;
  }
}

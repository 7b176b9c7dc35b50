/**
 * Records taken apart into the columns of a frame, in order. Filling columns as records come instead of keeping the records lets
 * these die young, and keeps what many frames in the making occupy small enough for the caches.
 *
 * The arrays stay and are filled again: they hold `length` records, and nothing behind them.
 */
import type { Key, StreamRecord } from '../model/index.ts';

const INITIAL_RECORDS = 16;

export class FrameColumns {
  /** Typed: a list of numbers would hold some of them as objects. */
  timestamps: Float64Array = new Float64Array(INITIAL_RECORDS);
  ingestTimes: Float64Array = new Float64Array(INITIAL_RECORDS);
  readonly keys: (Key | undefined)[] = [];
  readonly values: unknown[] = [];
  length = 0;

  add(record: StreamRecord): void {
    const at = this.length++;
    if (at === this.timestamps.length) this.#growTimes();
    this.timestamps[at] = record.timestamp;
    this.ingestTimes[at] = record.ingestTime;
    this.keys[at] = record.key;
    this.values[at] = record.value;
  }

  /** Adds all of `other`. */
  append(other: FrameColumns): void {
    for (let i = 0; i < other.length; i++) {
      const at = this.length++;
      if (at === this.timestamps.length) this.#growTimes();
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

  #growTimes(): void {
    const { timestamps, ingestTimes } = this;
    this.timestamps = new Float64Array(2 * timestamps.length);
    this.timestamps.set(timestamps);
    this.ingestTimes = new Float64Array(2 * timestamps.length);
    this.ingestTimes.set(ingestTimes);
  }
}

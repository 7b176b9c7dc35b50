/**
 * What travels in a channel: records, and control elements that keep their place among the records.
 */
import type { Epoch } from './ids.ts';
import type { Key } from './key.ts';
import type { MonotonicMs, TimestampMs } from './time.ts';

/**
 * One record. Immutable by convention: an operator that changes something emits a copy (`with...`), because the same
 * object may be on its way to several consumers. A class, so that all records have one hidden class. What a value may hold:
 * docs/value-domain.md.
 */
export class StreamRecord<T = unknown> {
  readonly value: T;
  /** Set by keyBy, `undefined` before it. */
  readonly key: Key | undefined;
  /** Event time; NaN where none was assigned. */
  readonly timestamp: TimestampMs;
  /** When the record was due at (or, without a schedule, read by) its source. Latency is measured from here. */
  readonly ingestTime: MonotonicMs;

  constructor(value: T, key: Key | undefined, timestamp: TimestampMs, ingestTime: MonotonicMs) {
    this.value = value;
    this.key = key;
    this.timestamp = timestamp;
    this.ingestTime = ingestTime;
  }

  withValue<U>(value: U): StreamRecord<U> {
    return new StreamRecord(value, this.key, this.timestamp, this.ingestTime);
  }

  withKey(key: Key): StreamRecord<T> {
    return new StreamRecord(this.value, key, this.timestamp, this.ingestTime);
  }

  withTimestamp(timestamp: TimestampMs): StreamRecord<T> {
    return new StreamRecord(this.value, this.key, timestamp, this.ingestTime);
  }
}

/** Separates the records of epoch `epoch` (before it) from those of the next (behind it). I1. */
export interface Marker {
  readonly kind: 'marker';
  readonly epoch: Epoch;
  /** The job stops behind this marker: nothing will follow it. */
  readonly isFinal: boolean;
}

/**
 * Says of its input: what follows has event times above `time`, or is late. Per channel the times never fall.
 *
 * -Infinity: nothing is known yet; +Infinity: the input has ended, nothing follows. A record is late when `timestamp <= time`, a window is
 * closed when `end <= time` (Spark's rule: equality is late, and equality closes).
 */
export interface Watermark {
  readonly kind: 'watermark';
  readonly time: TimestampMs;
  /** The input has been silent for its idle timeout: it does not hold the others back until it speaks again. */
  readonly isIdle: boolean;
  /** When the record that raised it was due: latency of the results that it makes final is measured from here. */
  readonly ingestTime: MonotonicMs;
}

export type ControlElement = Marker | Watermark;

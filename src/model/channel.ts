/**
 * The data plane as its users see it: one producer, one consumer, first in first out (I5, I11). Implementations live in
 * `channels` (shared-memory ring between threads, plain queue inside one).
 */
import type { ControlElement, StreamRecord } from './element.ts';

/** Takes records from a reader or an operator. */
export interface RecordReceiver {
  receive(record: StreamRecord): void;
  /** True while something behind this receiver is full. The caller finishes the record at hand and stops reading. */
  isBlocked(): boolean;
}

export interface ChannelWriter {
  /** Never fails and never waits. May go past the bound by what one input record expands to (I8): check {@link isBlocked} after it. */
  write(record: StreamRecord): void;
  /** Puts a control element behind everything written so far. Never fails. */
  control(element: ControlElement): void;
  /**
   * Called at the end of each step: hands over what is buffered, unless the reader is behind, where a few records more in one
   * frame cost it less than a frame more. True when something was held back: the next step comes soon and must ask again.
   */
  handOver(): boolean;
  /** Hands over everything buffered, as far as there is room, and rings the consumer. */
  flush(): void;
  /** True while handed-over data still waits for room (or, in a plain queue, the bound is reached). */
  isBlocked(): boolean;
  close(): void;
}

export interface ChannelReader {
  /**
   * Passes records to `receiver` until `limit` records were taken, a control element is next, the channel is empty, or
   * the receiver is blocked. Returns the number of records taken.
   */
  drain(receiver: RecordReceiver, limit: number): number;
  /** The control element at the head of the channel, removed; `undefined` when a record or nothing is there. */
  takeControl(): ControlElement | undefined;
  /** Whether neither a record nor a control element can be taken now. */
  isEmpty(): boolean;
  close(): void;
}

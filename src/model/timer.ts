/**
 * Timers of keyed operators, as operators set them and as the engine fires them. Implementations live in `storage`: timers are keyed
 * state, part of the checkpoint, and only those due soon are in memory.
 */
import type { Key } from './key.ts';
import type { TimeDomain, TimestampMs } from './time.ts';

/** Pending timers of the current key in one domain. A timer is its time and its tag: adding it twice makes one. */
export interface TimerQueue {
  /** A time that has passed already is due at once, behind the call at hand. `at` is finite or +Infinity (end of input). */
  add(at: TimestampMs, tag: string): void;
  /** Removing one that is not there changes nothing. */
  remove(at: TimestampMs, tag: string): void;
}

/** A timer that is due, taken out of its queue. */
export interface DueTimer {
  readonly domain: TimeDomain;
  readonly key: Key;
  /** What it was set to; at or before the clock of its domain. */
  readonly at: TimestampMs;
  readonly tag: string;
}

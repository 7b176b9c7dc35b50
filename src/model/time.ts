/** Units of time, and the port through which all of it enters (I7). */

/** Milliseconds since the Unix epoch; event time or wall-clock time. */
export type TimestampMs = number;

/** Milliseconds on the monotonic clock: one zero for all threads of a process, fractional, never stepped back. */
export type MonotonicMs = number;

export type DurationMs = number;

/** Event time that is not known yet: below every time. */
export const TIME_UNSET: TimestampMs = Number.NEGATIVE_INFINITY;

/** Behind the last record of an input that has ended: above every time. */
export const END_OF_TIME: TimestampMs = Number.POSITIVE_INFINITY;

/** Which clock a timer or a window goes by: the watermark, or the wall clock. */
export type TimeDomain = 'event' | 'processing';

export interface Cancellable {
  cancel(): void;
}

/** The only source of time below the composition roots. `SystemClock` in the product, `SimulatedClock` in tests. */
export interface Clock {
  /** Wall clock. For people and for manifests; never for intervals. */
  now(): TimestampMs;
  /** For intervals, timeouts, latency. The same base in every thread of the process. */
  monotonic(): MonotonicMs;
  /** Calls back once, not before `delayMs` have passed. */
  schedule(delayMs: DurationMs, callback: () => void): Cancellable;
}

/** How far one input has come: a split, a source, a channel. */
export interface InputTime {
  /** The greatest watermark known of it that is not the end. */
  readonly time: TimestampMs;
  /** It has been silent for its idle timeout. */
  readonly isIdle: boolean;
  /** Nothing will ever come of it again. */
  readonly isEnded: boolean;
}

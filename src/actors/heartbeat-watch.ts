/**
 * Judges one worker by its heartbeat, in time during which the monitor itself ran (reliability, row 7). Pure.
 *
 * A tick that comes late says that this thread, or the whole process, stood still: nothing can be concluded about the
 * worker from that time, so it does not count. A parked worker is idle, not hung.
 */
import type { DurationMs, HeartbeatReader, HeartbeatState } from '../model/index.ts';

/** What is remembered of a worker between two ticks. */
export interface HeartbeatWatch {
  readonly count: number;
  /** Monitor time, over ticks that were on time, during which the worker was busy and its count stood still. */
  readonly stillMs: DurationMs;
}

/** A tick this many times its interval after the one before is late. */
export const LATE_TICK_FACTOR = 2;

export function beginWatch(reader: HeartbeatReader): HeartbeatWatch {
  return { count: reader.count(), stillMs: 0 };
}

/** The watch after a tick that came `elapsedMs` after the one before, where `intervalMs` were planned. */
export function deriveWatch(
  watch: HeartbeatWatch,
  count: number,
  state: HeartbeatState,
  elapsedMs: DurationMs,
  intervalMs: DurationMs,
): HeartbeatWatch {
  const isBusy = state === 'running' || state === 'starting';
  if (!isBusy || count !== watch.count) return { count, stillMs: 0 };
  const isOnTime = elapsedMs < intervalMs * LATE_TICK_FACTOR;
  return isOnTime ? { count, stillMs: watch.stillMs + elapsedMs } : watch;
}

export function isHung(watch: HeartbeatWatch, timeoutMs: DurationMs): boolean {
  return watch.stillMs >= timeoutMs;
}

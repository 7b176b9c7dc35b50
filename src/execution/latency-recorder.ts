/**
 * Latencies on their way from a worker to the driver: counted by value, in microseconds of eleven significant bits (0.05 %), and
 * handed over now and then as plain numbers for a `LatencyHistogram` to add up.
 *
 * Handing over costs what was recorded, not what could be: a histogram of the same range has some twenty thousand counts to
 * look through, and looking through them five times a second was the p99 of a job.
 */
import type { LatencyPart } from './latency-histogram.ts';

const SIGNIFICANT_BITS = 11;

export class LatencyRecorder {
  #counts = new Map<number, number>();

  /** A negative latency (a record ahead of its schedule by less than the clock's resolution) counts as the shortest one. */
  record(latencyMs: number, count = 1): void {
    const value = shorten(Math.max(1, Math.round(latencyMs * 1000)));
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + count);
  }

  /** What was recorded since the last take. */
  take(): LatencyPart {
    const part = [...this.#counts].flat();
    this.#counts.clear();
    return part;
  }
}

/** Keeps the leading bits. Latencies of more than 35 minutes count as that. */
function shorten(us: number): number {
  const value = Math.min(us, 0x7fffffff);
  const dropped = Math.max(0, 32 - Math.clz32(value) - SIGNIFICANT_BITS);
  return (value >>> dropped) << dropped;
}

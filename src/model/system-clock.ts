import type { Cancellable, Clock, DurationMs, MonotonicMs, TimestampMs } from './time.ts';

/** The first pair of a thread is off by a millisecond: using `performance` for the first time loads it. */
const OFFSET_SAMPLES = 16;

/**
 * The machine's clocks. `monotonic()` is `performance.now()` (cheap) shifted by an offset measured once against
 * `process.hrtime`, whose zero all threads share; `performance.now()` alone starts anew in each thread.
 */
export class SystemClock implements Clock {
  readonly #offsetMs: DurationMs = measureOffsetMs();

  now(): TimestampMs {
    return Date.now();
  }

  monotonic(): MonotonicMs {
    return performance.now() + this.#offsetMs;
  }

  schedule(delayMs: DurationMs, callback: () => void): Cancellable {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  }
}

/** Whatever passes between the two reads of a pair makes the difference smaller, so the largest is the best. */
function measureOffsetMs(): DurationMs {
  let offset = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < OFFSET_SAMPLES; i++) {
    offset = Math.max(offset, Number(process.hrtime.bigint()) / 1e6 - performance.now());
  }
  return offset;
}

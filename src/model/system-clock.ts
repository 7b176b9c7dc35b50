import type { Cancellable, Clock, DurationMs, MonotonicMs, TimestampMs } from './time.ts';

/**
 * The machine's clocks. `monotonic()` is `performance.now()` (cheap) shifted by an offset measured once against
 * `process.hrtime`, whose zero all threads share; `performance.now()` alone starts anew in each thread.
 */
export class SystemClock implements Clock {
  readonly #offsetMs: number = Number(process.hrtime.bigint()) / 1e6 - performance.now();

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

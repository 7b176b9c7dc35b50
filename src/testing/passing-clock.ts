/**
 * A clock that reads more with every look, for code that works until so much time has passed: under a clock that stands still
 * during a turn it would do all of its work in one. Deterministic (I7).
 */
import type { Cancellable, Clock, DurationMs, MonotonicMs, TimestampMs } from '../model/index.ts';

export class PassingClock implements Clock {
  readonly #clock: Clock;
  readonly #lookMs: DurationMs;
  #looks = 0;

  /** Every look finds it `lookMs` further ahead of `clock`, on which timers run. */
  constructor(clock: Clock, lookMs: DurationMs) {
    this.#clock = clock;
    this.#lookMs = lookMs;
  }

  now(): TimestampMs {
    return this.#clock.now();
  }

  monotonic(): MonotonicMs {
    this.#looks++;
    return this.#clock.monotonic() + this.#looks * this.#lookMs;
  }

  schedule(delayMs: DurationMs, callback: () => void): Cancellable {
    return this.#clock.schedule(delayMs, callback);
  }
}

/**
 * A clock that stands still until a test moves it. Timers fire in order of their due time, then of their making.
 */
import type { Cancellable, Clock, DurationMs, MonotonicMs, TimestampMs } from '../model/index.ts';

interface Timer {
  readonly dueAt: MonotonicMs;
  readonly callback: () => void;
}

export class SimulatedClock implements Clock {
  readonly #startedAt: TimestampMs;
  #elapsedMs: DurationMs = 0;
  #timers: Timer[] = [];

  constructor(startedAt: TimestampMs = Date.UTC(2026, 0, 1)) {
    this.#startedAt = startedAt;
  }

  now(): TimestampMs {
    return this.#startedAt + this.#elapsedMs;
  }

  monotonic(): MonotonicMs {
    return this.#elapsedMs;
  }

  schedule(delayMs: DurationMs, callback: () => void): Cancellable {
    const timer: Timer = { dueAt: this.#elapsedMs + Math.max(0, delayMs), callback };
    const after = this.#timers.findIndex((other) => other.dueAt > timer.dueAt);
    this.#timers.splice(after === -1 ? this.#timers.length : after, 0, timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** When the next timer is due; `undefined` without timers. */
  nextDueAt(): MonotonicMs | undefined {
    return this.#timers[0]?.dueAt;
  }

  /** Moves time on, firing what falls due on the way. */
  advance(byMs: DurationMs): void {
    this.advanceTo(this.#elapsedMs + byMs);
  }

  advanceTo(at: MonotonicMs): void {
    for (let next = this.#timers[0]; next !== undefined && next.dueAt <= at; next = this.#timers[0]) {
      this.#timers.shift();
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueAt);
      next.callback();
    }
    this.#elapsedMs = Math.max(this.#elapsedMs, at);
  }
}

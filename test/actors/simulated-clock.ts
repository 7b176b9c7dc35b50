/** A clock that stands still until a test moves it. Callbacks run in the order in which they are due. */
import type { Cancellable, Clock, DurationMs, MonotonicMs, TimestampMs } from '../../src/model/index.ts';

interface Timer {
  readonly due: MonotonicMs;
  readonly callback: () => void;
}

export class SimulatedClock implements Clock {
  #now: MonotonicMs = 1_000;
  #timers: Timer[] = [];

  now(): TimestampMs {
    return this.#now + 1_700_000_000_000;
  }

  monotonic(): MonotonicMs {
    return this.#now;
  }

  schedule(delayMs: DurationMs, callback: () => void): Cancellable {
    const timer: Timer = { due: this.#now + delayMs, callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Moves time on and calls back whatever becomes due on the way, each at its own moment. */
  advance(durationMs: DurationMs): void {
    const end = this.#now + durationMs;
    for (let next = this.#takeDue(end); next !== undefined; next = this.#takeDue(end)) {
      this.#now = Math.max(this.#now, next.due);
      next.callback();
    }
    this.#now = end;
  }

  /** Moves time on as a blocked thread sees it: what became due meanwhile is called at the end. */
  stall(durationMs: DurationMs): void {
    this.#now += durationMs;
    this.advance(0);
  }

  get timers(): number {
    return this.#timers.length;
  }

  #takeDue(until: MonotonicMs): Timer | undefined {
    const due = this.#timers.filter((timer) => timer.due <= until).sort((a, b) => a.due - b.due)[0];
    if (due !== undefined) this.#timers = this.#timers.filter((timer) => timer !== due);
    return due;
  }
}

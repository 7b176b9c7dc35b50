/**
 * The sleeping side of a doorbell: spin briefly, then announce, look again, and wait (protocol in `doorbell.ts`).
 *
 * Spinning saves the 10 us of a kernel wake-up when work arrives within microseconds, and burns a core when it does not.
 * So its length follows its success: doubled when spinning found work, halved when it did not, and nothing at
 * all for a while after the operating system took the core away during a spin, because then somebody else needs it.
 *
 * Asked while parked: `hasWork` runs on this thread between and after announcements, and must be cheap and not throw.
 */
import type { Clock, DurationMs, Parker } from '../model/index.ts';
import { BELL_CONTROL, BELL_SEQUENCE, BELL_SLEEPING } from './doorbell.ts';

export interface SharedParkerOptions {
  readonly bell: SharedArrayBuffer;
  readonly clock: Clock;
  /** Longest spin; default 0.05. 0 never spins. */
  readonly spinMsMax?: DurationMs;
}

const SPIN_MS_MAX_DEFAULT: DurationMs = 0.05;
const SPIN_MS_MIN: DurationMs = 0.002;
/** Looks between two looks at the clock: each of those makes a number on the heap. */
const LOOKS_PER_CLOCK_READ = 32;
/** A gap this long between two looks at the clock means that the thread was off its core. */
const PREEMPTED_MS: DurationMs = 0.5;
/** Parks without spinning after a preemption; then one short spin tries again. */
const PARKS_WITHOUT_SPIN = 64;
/** `Atomics.wait` takes any timeout, but a sleep without end would hide a lost wake-up: the loop decides, this bounds. */
const WAIT_MS_MAX: DurationMs = 60_000;

export class SharedParker implements Parker {
  readonly #words: Int32Array;
  readonly #clock: Clock;
  readonly #spinMsMax: DurationMs;
  #spinMs: DurationMs;
  #parksWithoutSpin = 0;

  constructor(options: SharedParkerOptions) {
    this.#words = new Int32Array(options.bell);
    this.#clock = options.clock;
    this.#spinMsMax = options.spinMsMax ?? SPIN_MS_MAX_DEFAULT;
    this.#spinMs = this.#spinMsMax;
  }

  park(timeoutMs: DurationMs, hasWork: () => boolean): void {
    if (!(timeoutMs > 0) || this.#isAwaited(hasWork)) return;
    const spunMs = this.#spin(timeoutMs, hasWork);
    if (spunMs < 0 || spunMs >= timeoutMs) return;

    // Order matters: the sequence is read first, so that any ring after the announcement makes the wait return.
    const sequence = Atomics.load(this.#words, BELL_SEQUENCE);
    Atomics.store(this.#words, BELL_SLEEPING, 1);
    if (!this.#isAwaited(hasWork)) {
      Atomics.wait(this.#words, BELL_SEQUENCE, sequence, Math.min(timeoutMs - spunMs, WAIT_MS_MAX));
    }
    Atomics.store(this.#words, BELL_SLEEPING, 0);
  }

  takeControlSignal(): boolean {
    return Atomics.load(this.#words, BELL_CONTROL) !== 0 && Atomics.exchange(this.#words, BELL_CONTROL, 0) === 1;
  }

  /** Current length of a spin in milliseconds; for metrics and tests. */
  spinMs(): DurationMs {
    return this.#parksWithoutSpin > 0 ? 0 : this.#spinMs;
  }

  #isAwaited(hasWork: () => boolean): boolean {
    return Atomics.load(this.#words, BELL_CONTROL) !== 0 || hasWork();
  }

  /** Returns the milliseconds spent without success, or -1 when there is work. */
  #spin(timeoutMs: DurationMs, hasWork: () => boolean): DurationMs {
    if (this.#spinMsMax <= 0) return 0;
    if (this.#parksWithoutSpin > 0) {
      this.#parksWithoutSpin--;
      return 0;
    }
    const limitMs = Math.min(this.#spinMs, timeoutMs);
    const start = this.#clock.monotonic();
    let now = start;
    while (now - start < limitMs) {
      for (let look = 0; look < LOOKS_PER_CLOCK_READ; look++) {
        if (this.#isAwaited(hasWork)) {
          this.#spinMs = Math.min(this.#spinMs * 2, this.#spinMsMax);
          return -1;
        }
      }
      const later = this.#clock.monotonic();
      if (later - now > PREEMPTED_MS) this.#parksWithoutSpin = PARKS_WITHOUT_SPIN;
      now = later;
    }
    this.#spinMs = Math.max(this.#spinMs / 2, Math.min(SPIN_MS_MIN, this.#spinMsMax));
    return now - start;
  }
}

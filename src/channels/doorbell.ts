/**
 * How a thread wakes another that sleeps. Shared memory of three words, one doorbell per worker:
 *
 * - `sequence`: what the sleeper waits on; each ring that finds a sleeper changes it.
 * - `sleeping`: 1 from the sleeper's announcement until it is awake again.
 * - `control`: 1 while a control message has been announced and not yet noticed.
 *
 * No wake-up is lost. The ringer has published its work before it loads `sleeping`; the sleeper stores `sleeping`
 * and looks for work after it. All these accesses are Atomics and thus in one total order: either the ringer sees the announcement
 * and rings, or the sleeper, whose look comes later, sees the work. A ring between that look and the wait has changed
 * `sequence`, which makes the wait return at once.
 *
 * The doorbell carries no message of its own: work must be visible to the sleeper's `hasWork` before the ring.
 */
import type { ControlBell } from '../model/index.ts';

export const BELL_SEQUENCE = 0;
export const BELL_SLEEPING = 1;
export const BELL_CONTROL = 2;
/** A cache line, so that two doorbells never share one. */
const BELL_BYTES = 64;

export function createDoorbell(): SharedArrayBuffer {
  return new SharedArrayBuffer(BELL_BYTES);
}

/** The ringing side; any number of threads may hold one. */
export class SharedDoorbell implements ControlBell {
  readonly #words: Int32Array;

  constructor(bell: SharedArrayBuffer) {
    this.#words = new Int32Array(bell);
  }

  ring(): void {
    // While the worker is awake this is a load of a line that nobody writes.
    if (Atomics.load(this.#words, BELL_SLEEPING) === 0) return;
    Atomics.add(this.#words, BELL_SEQUENCE, 1);
    Atomics.notify(this.#words, BELL_SEQUENCE);
  }

  ringControl(): void {
    Atomics.store(this.#words, BELL_CONTROL, 1);
    this.ring();
  }
}

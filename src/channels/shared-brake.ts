/**
 * Keeps the sources of a generation from reading while changed state waits for its epoch: how many subtasks hold too much of it, in memory
 * that all workers share. A marker reaches an operator behind the records that were read before it, so whoever is full cannot wait
 * for it by reading nothing: the sources have to, and they put the marker in first.
 */
const PRESSED_BY = 0;
/** A cache line of its own. */
const BRAKE_BYTES = 64;

export function createBrake(): SharedArrayBuffer {
  return new SharedArrayBuffer(BRAKE_BYTES);
}

export class SharedBrake {
  readonly #words: Int32Array;

  constructor(brake: SharedArrayBuffer) {
    this.#words = new Int32Array(brake);
  }

  /** Each to be followed by one {@link release}, unless the generation ends. */
  press(): void {
    Atomics.add(this.#words, PRESSED_BY, 1);
  }

  release(): void {
    Atomics.sub(this.#words, PRESSED_BY, 1);
  }

  isPressed(): boolean {
    return Atomics.load(this.#words, PRESSED_BY) > 0;
  }
}

/**
 * A claim in shared memory: one word, 0 until somebody takes it. Compare-and-swap decides between takers on any number of
 * threads, without a lock and without asking the driver.
 */
import { assert, type Claim } from '../model/index.ts';

const HOLDER = 0;
const FREE = 0;
const TAKER_MAX = 2 ** 31 - 1;

export function createClaim(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

export class SharedClaim implements Claim {
  readonly #words: Int32Array;

  /** `claim` comes from {@link createClaim}; any number of threads may hold it. */
  constructor(claim: SharedArrayBuffer) {
    this.#words = new Int32Array(claim);
  }

  take(taker: number): boolean {
    assert(
      Number.isInteger(taker) && taker > FREE && taker <= TAKER_MAX,
      `a claim is taken under a whole number from 1 to ${TAKER_MAX}, not ${taker}`,
    );
    const holder = Atomics.compareExchange(this.#words, HOLDER, FREE, taker);
    return holder === FREE || holder === taker;
  }

  holder(): number {
    return Atomics.load(this.#words, HOLDER);
  }
}

/**
 * A stream of pseudo-random numbers that depends on nothing but a seed and the index of a record, so that record n is the
 * same in every run, thread and restart (I7).
 *
 * Generator: sfc32 (Chris Doty-Humphrey, PractRand), its 128 bits of state drawn from splitmix32 over (seed, index). Not for
 * secrets. The numbers are part of what a checkpoint relies on; `test/connectors/generator-source.test.ts` pins them.
 */

/** What a generator's `create` draws from. */
export interface RandomStream {
  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number;
  /** Uniform whole number in [0, bound); `bound` from 1 to 2^32. */
  below(bound: number): number;
  /** One of `items`, all equally likely. `items` must not be empty. */
  pick<T>(items: readonly T[]): T;
}

export class SeededRandom implements RandomStream {
  readonly #seed: number;
  #index = 0;
  #isSeeded = false;
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 0;

  constructor(seed: number) {
    this.#seed = Math.imul(seed, 0x9e3779b1) ^ Math.floor(seed / 2 ** 32);
  }

  /** Begins the numbers of record `index`. Cheap: the state is derived only when a number is asked for. */
  begin(index: number): void {
    this.#index = index;
    this.#isSeeded = false;
  }

  next(): number {
    return this.#uint32() / 2 ** 32;
  }

  below(bound: number): number {
    return Math.floor((this.#uint32() / 2 ** 32) * bound);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  #uint32(): number {
    if (!this.#isSeeded) this.#derive();
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  #derive(): void {
    const low = this.#index >>> 0;
    const high = Math.floor(this.#index / 2 ** 32);
    const state = mix(this.#seed ^ mix(low ^ Math.imul(high, 0x85ebca6b)));
    this.#a = mix((state + 0x9e3779b9) | 0);
    this.#b = mix((state + 0x3c6ef372) | 0);
    this.#c = mix((state + 0xdaa66d2b) | 0);
    this.#counter = 1;
    this.#isSeeded = true;
  }
}

/** The output function of splitmix32: a bijection of 32 bits in which every input bit reaches every output bit. */
function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) | 0;
}

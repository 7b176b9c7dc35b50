/**
 * A digest of lines in which their order does not count and their number does: lane by lane, the sum of the SHA-256 of each.
 *
 * Equal multisets have equal digests; unequal ones differ but for a chance of about 2^-256 among lines that nobody chose to
 * collide (a sum, unlike an exclusive or, sees a line that is there twice).
 */
import { createHash } from 'node:crypto';

const LANES = 8;

export class MultisetDigest {
  readonly #sum: Uint32Array = new Uint32Array(LANES);
  #count = 0;

  add(line: Uint8Array): void {
    const hash = createHash('sha256').update(line).digest();
    for (let lane = 0; lane < LANES; lane++) this.#sum[lane] = this.#sum[lane]! + hash.readUInt32LE(lane * 4);
    this.#count++;
  }

  /** Lines added. */
  get count(): number {
    return this.#count;
  }

  toString(): string {
    return `${this.#count}:${[...this.#sum].map((lane) => lane.toString(16).padStart(8, '0')).join('')}`;
  }
}

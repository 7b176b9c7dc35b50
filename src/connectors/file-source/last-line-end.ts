/** End of the last complete line. Looks from the end of the file backwards, and only at what was added since the last time. */
import type { GrowingFile, RecordEndFinder } from './record-end-finder.ts';

const NEWLINE = 10;
const SLICE_BYTES = 64 * 1024;

export class LastLineEnd implements RecordEndFinder {
  #end = 0;
  /** There is no newline from `#end` up to here. */
  #lookedAt = 0;

  get lookedAt(): number {
    return this.#lookedAt;
  }

  async find(file: GrowingFile, from: number): Promise<number> {
    const bytes = file.bytes();
    // Where it begins anew, or was cut: what is known is of no use.
    if (from > this.#end || bytes < this.#lookedAt) {
      this.#end = from;
      this.#lookedAt = from;
    }
    if (bytes > this.#lookedAt) await this.#lookBack(file, bytes);
    return this.#end;
  }

  async #lookBack(file: GrowingFile, bytes: number): Promise<void> {
    const slice = Buffer.allocUnsafe(Math.min(SLICE_BYTES, bytes - this.#lookedAt));
    for (let to = bytes; to > this.#lookedAt; ) {
      const begin = Math.max(this.#lookedAt, to - slice.length);
      const count = await file.readLater(slice, to - begin, begin);
      const at = slice.subarray(0, count).lastIndexOf(NEWLINE);
      if (at !== -1) {
        this.#end = begin + at + 1;
        break;
      }
      to = begin;
    }
    this.#lookedAt = bytes;
  }
}

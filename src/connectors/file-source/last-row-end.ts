/**
 * End of the last complete row of CSV. A newline inside quotes ends none, and whether it is inside is known only from the beginning of
 * the row: looks forwards, at each byte once, and no further ahead than a batch will want.
 */
import { CsvScanner } from './csv-scanner.ts';
import type { GrowingFile, RecordEndFinder } from './record-end-finder.ts';

const NEWLINE = 10;
const QUOTE = 34;
const SLICE_BYTES = 256 * 1024;
/** A survey looks at no more than this, and finds no end that is further ahead: the rest is for the next one. */
const AHEAD_BYTES = 64 * 1024 * 1024;
const BYTE_ORDER_MARK: Buffer = Buffer.from([0xef, 0xbb, 0xbf]);

export class LastRowEnd implements RecordEndFinder {
  readonly #scanner: CsvScanner;
  readonly #aheadBytes: number;
  #end = 0;
  /** Where the row begins that is not complete: `#end`, or behind a byte order mark. */
  #rowStart = 0;
  /** Where to look on. The scanner has seen everything from `#rowStart` up to here. */
  #lookedAt = 0;

  constructor(delimiter: string, aheadBytes: number = AHEAD_BYTES) {
    this.#scanner = new CsvScanner(delimiter);
    this.#aheadBytes = aheadBytes;
  }

  get lookedAt(): number {
    return this.#lookedAt;
  }

  async find(file: GrowingFile, from: number): Promise<number> {
    if (from > this.#end || file.bytes() < this.#lookedAt) this.#begin(from);
    if (this.#lookedAt === 0 && !(await this.#passByteOrderMark(file))) return this.#end;
    const slice = Buffer.allocUnsafe(
      Math.min(SLICE_BYTES, this.#aheadBytes, Math.max(1, file.bytes() - this.#lookedAt)),
    );
    const stop = this.#lookedAt + this.#aheadBytes;
    while (this.#lookedAt < stop && this.#end - from < this.#aheadBytes) {
      const count = await file.readLater(slice, slice.length, this.#lookedAt);
      if (count === 0) break;
      this.#scan(slice.subarray(0, count));
    }
    return this.#end;
  }

  #begin(from: number): void {
    this.#end = from;
    this.#rowStart = from;
    this.#lookedAt = from;
    this.#scanner.begin();
  }

  /** A quote behind it is the first byte of its field, as it is for the reader. False: too few bytes to say. */
  async #passByteOrderMark(file: GrowingFile): Promise<boolean> {
    const start = Buffer.alloc(BYTE_ORDER_MARK.length);
    const count = await file.readLater(start, start.length, 0);
    if (!BYTE_ORDER_MARK.subarray(0, count).equals(start.subarray(0, count))) return true;
    if (count < start.length) return false;
    this.#rowStart = count;
    this.#lookedAt = count;
    return true;
  }

  #scan(bytes: Uint8Array): void {
    const base = this.#lookedAt;
    this.#lookedAt += bytes.length;
    let at = 0;
    // Where no field is quoted the last newline is the last end: far faster than a look at every byte.
    if (this.#rowStart === base && !bytes.includes(QUOTE)) {
      at = bytes.lastIndexOf(NEWLINE) + 1;
      if (at > 0) this.#endRow(base + at);
    }
    for (;;) {
      const newline = this.#scanner.scan(bytes, at, bytes.length);
      if (newline === -1) return;
      at = newline + 1;
      this.#endRow(base + at);
    }
  }

  #endRow(at: number): void {
    this.#end = at;
    this.#rowStart = at;
    this.#scanner.begin();
  }
}

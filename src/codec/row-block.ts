/**
 * A block of table rows on its way from a sink writer into the epoch's transaction: repeated
 * `[u32 key length][key][u32 value length][value]`, little endian; value length 0xffffffff means "delete".
 */
import { CorruptionError } from '../model/index.ts';

const DELETED = 0xffffffff;
const INITIAL_BYTES = 4096;

export class RowBlockBuilder {
  #bytes: Uint8Array = new Uint8Array(INITIAL_BYTES);
  #view: DataView = new DataView(this.#bytes.buffer);
  #length = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** `value` undefined deletes the row. Later rows of a key win. */
  add(key: Uint8Array, value: Uint8Array | undefined): void {
    this.#reserve(8 + key.length + (value?.length ?? 0));
    this.#piece(key.length, key);
    this.#piece(value === undefined ? DELETED : value.length, value);
    this.#count++;
  }

  /** The block so far, as a copy of its own, and an empty builder again. */
  take(): Uint8Array {
    const block = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    this.#count = 0;
    return block;
  }

  #piece(length: number, bytes: Uint8Array | undefined): void {
    this.#view.setUint32(this.#length, length, true);
    this.#length += 4;
    if (bytes === undefined) return;
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(extra: number): void {
    if (this.#length + extra <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + extra));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Calls back for each row, in order. Key and value are views into `block`. */
export function readRowBlock(block: Uint8Array, onRow: (key: Uint8Array, value: Uint8Array | undefined) => void): void {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  let at = 0;
  const piece = (): Uint8Array | undefined => {
    if (at + 4 > block.length) throw new CorruptionError('a block of table rows ends in the middle of a row');
    const length = view.getUint32(at, true);
    at += 4;
    if (length === DELETED) return undefined;
    if (at + length > block.length) throw new CorruptionError('a block of table rows ends in the middle of a row');
    at += length;
    return block.subarray(at - length, at);
  };
  while (at < block.length) {
    const key = piece();
    if (key === undefined) throw new CorruptionError('a table row has no key');
    onRow(key, piece());
  }
}

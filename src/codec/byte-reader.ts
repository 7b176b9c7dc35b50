/**
 * Reads what a `ByteWriter` made. The bytes must start at a multiple of 8 of their memory.
 */
import { assert } from '../model/index.ts';

export class ByteReader {
  readonly bytes: Buffer;
  readonly floats: Float64Array;
  readonly integers: Int32Array;
  at = 0;
  readonly #view: DataView;

  constructor(memory: ArrayBuffer) {
    assert(
      memory.byteLength % 8 === 0,
      `columns lie in memory of whole units of 8 bytes, not ${memory.byteLength} bytes`,
    );
    this.bytes = Buffer.from(memory);
    this.floats = new Float64Array(memory);
    this.integers = new Int32Array(memory);
    this.#view = new DataView(memory);
  }

  uint16(at: number): number {
    return this.#view.getUint16(at, true);
  }

  uint32(at: number): number {
    return this.#view.getUint32(at, true);
  }
}

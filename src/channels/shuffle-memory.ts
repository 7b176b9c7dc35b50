/**
 * The memory of a shuffle writer: shared chunks, filled from front to back. A chunk goes on to be filled by the next output, so
 * that a small batch costs no allocation; what was written before stays untouched. One thread only (I5).
 */
import { assert } from '../model/index.ts';

/** A chunk holds many frames; a frame larger than a quarter of it has a chunk of its own, or the rest would be wasted. */
export const CHUNK_BYTES: number = 1024 * 1024;
const SHARED_FRAME_BYTES_MAX = CHUNK_BYTES / 4;
const FRAME_UNIT_BYTES = 8;

export class ShuffleMemory {
  /** Chunks of the output being written. */
  #chunks: SharedArrayBuffer[] = [];
  /** The chunk being filled, up to `#filled`. */
  #bytes: Uint8Array | undefined;
  #filled = 0;
  /** Index of the chunk being filled in `#chunks`; -1 while this output has nothing in it. */
  #index = -1;

  /** Where the last frame went. */
  chunk = 0;
  at = 0;

  /** Copies the frame `frame[0 .. length)`; afterwards {@link chunk} and {@link at} say where it is. */
  append(frame: Uint8Array, length: number): void {
    assert(length % FRAME_UNIT_BYTES === 0, `a frame is whole units of ${FRAME_UNIT_BYTES} bytes, not ${length} bytes`);
    if (length > SHARED_FRAME_BYTES_MAX) {
      this.#place(new Uint8Array(this.#add(length)), 0, frame, length);
      this.chunk = this.#chunks.length - 1;
      return;
    }
    if (this.#bytes === undefined || this.#filled + length > this.#bytes.length) {
      this.#bytes = new Uint8Array(this.#add(CHUNK_BYTES));
      this.#filled = 0;
      this.#index = this.#chunks.length - 1;
    } else if (this.#index < 0) {
      this.#index = this.#chunks.push(this.#bytes.buffer as SharedArrayBuffer) - 1;
    }
    this.#place(this.#bytes, this.#filled, frame, length);
    this.chunk = this.#index;
    this.#filled += length;
  }

  /** The chunks of this output; the next one begins. */
  take(): SharedArrayBuffer[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#index = -1;
    return chunks;
  }

  #add(bytes: number): SharedArrayBuffer {
    const chunk = new SharedArrayBuffer(bytes);
    this.#chunks.push(chunk);
    return chunk;
  }

  #place(target: Uint8Array, at: number, frame: Uint8Array, length: number): void {
    target.set(frame.subarray(0, length), at);
    this.at = at;
  }
}

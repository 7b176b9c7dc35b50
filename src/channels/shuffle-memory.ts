/**
 * The memory of a shuffle writer: shared chunks, filled from front to back, and used again.
 *
 * They are used again because V8 does not count shared memory: no amount of dropped chunks makes it collect them. Measured: a
 * thread that dropped 8 MiB of them per batch held 519 MB after 60 batches. Fresh pages also cost a seventh of what
 * encoding does.
 *
 * ```
 *  byte 0       64
 *  | turn i32   | frames ... |
 * ```
 * `turn` counts how often the chunk was given up to be overwritten. Whoever asks for that promises that nobody relies on what is
 * in it; yet a task that lost its race, and does not know it, may still be reading. So a reader copies a frame and then
 * looks whether the turn is still the one it was told: {@link isCurrentTurn} for the order of memory. One writing thread (I5).
 */
import { assert } from '../model/index.ts';

/** Memory that runs of a `ShuffleOutput` refer to, as long as the turn stands. */
export interface ShuffleChunk {
  readonly memory: SharedArrayBuffer;
  readonly turn: number;
}

/** Holds at least 16 ordinary frames. A larger frame gets a larger chunk. */
const CHUNK_BYTES: number = 1024 * 1024;
/** A cache line: readers touch the turn while the writer may be filling what is behind it. */
const HEADER_BYTES = 64;
const FRAME_UNIT_BYTES = 8;
const TURN = 0;

/**
 * Whether the chunk was still in the turn it was handed over in when everything read before this call was read.
 *
 * Order of memory: bytes are read with plain accesses, and a plain load may come after the load of an atomic that follows it. A
 * read-modify-write may not: all loads before it are done when its store takes effect, and no turn came in between.
 */
export function isCurrentTurn(chunk: ShuffleChunk): boolean {
  return Atomics.or(new Int32Array(chunk.memory, 0, 1), TURN, 0) === chunk.turn;
}

class Chunk {
  readonly bytes: Uint8Array;
  readonly #memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(bytes: number) {
    this.#memory = new SharedArrayBuffer(bytes);
    this.#words = new Int32Array(this.#memory, 0, 1);
    this.bytes = new Uint8Array(this.#memory);
  }

  describe(): ShuffleChunk {
    return { memory: this.#memory, turn: Atomics.load(this.#words, TURN) };
  }

  /** The load keeps the stores of frames, which are plain ones, behind the store of the turn. */
  endTurn(): void {
    Atomics.store(this.#words, TURN, (Atomics.load(this.#words, TURN) + 1) | 0);
    Atomics.load(this.#words, TURN);
  }
}

export class ShuffleMemory {
  /** Nobody reads them. */
  #free: Chunk[] = [];
  /** Of the output taken last. */
  #taken: readonly Chunk[] = [];
  /** Of the output being written. */
  #chunks: Chunk[] = [];
  /** The chunk being filled: the last of `#chunks`, or before the first frame of an output the last of the output before it. */
  #filling: Chunk | undefined;
  #filled = 0;

  /** Where the last frame went: index among the chunks of this output, and offset. */
  chunk = 0;
  at = 0;

  /** Copies the frame `frame[0 .. length)`; afterwards {@link chunk} and {@link at} say where it is. */
  append(frame: Uint8Array, length: number): void {
    assert(length % FRAME_UNIT_BYTES === 0, 'a frame is whole units of 8 bytes');
    let filling = this.#filling;
    if (filling === undefined || this.#filled + length > filling.bytes.length) {
      filling = this.#open(HEADER_BYTES + length);
      this.#chunks.push(filling);
    } else if (this.#chunks.length === 0) {
      // A small output goes behind the one before it, which stays as it is.
      this.#chunks.push(filling);
    }
    this.chunk = this.#chunks.length - 1;
    this.at = this.#filled;
    filling.bytes.set(frame.subarray(0, length), this.#filled);
    this.#filled += length;
  }

  /** The chunks of this output. The next one begins. */
  take(): ShuffleChunk[] {
    this.#taken = this.#chunks;
    this.#chunks = [];
    return this.#taken.map((chunk) => chunk.describe());
  }

  /** What was written of this output is not wanted. */
  discard(): void {
    this.#chunks = [];
  }

  /** Nobody relies on any output taken so far. Keeps the memory of the last one: what was before it has gone to its readers. */
  recycle(): void {
    assert(this.#chunks.length === 0, 'memory is used again between two outputs');
    // One batch may need less than the next; a lasting surplus goes, one chunk a batch.
    this.#free.shift();
    for (const chunk of this.#taken) {
      chunk.endTurn();
      this.#free.push(chunk);
    }
    this.#taken = [];
    this.#filling = undefined;
  }

  #open(bytes: number): Chunk {
    // The one used last: its bytes may still be in a cache.
    const index = this.#free.findLastIndex((chunk) => chunk.bytes.length >= bytes);
    const chunk = index < 0 ? new Chunk(Math.max(CHUNK_BYTES, 2 ** Math.ceil(Math.log2(bytes)))) : this.#free[index]!;
    if (index >= 0) this.#free.splice(index, 1);
    this.#filling = chunk;
    this.#filled = HEADER_BYTES;
    return chunk;
  }
}

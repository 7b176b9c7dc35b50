/**
 * What one task wrote to one exchange: encoded frames in shared memory and a list of where they are. Plain data: crosses threads
 * by structured clone, its chunks by reference. Never changed once taken, so any number of readers may read it, any
 * number of times, until its writer is told that nobody will (`ShuffleWriter.recycle`).
 *
 * A consumer reads bins, not frames. The records of a bin are a sequence of *runs*; a run is a whole frame, or, where a bin has
 * few records, a part of a frame that it shares with its neighbours.
 */
import { assert } from '../model/index.ts';
import type { ShuffleChunk } from './shuffle-memory.ts';

export interface ShuffleOutput {
  /** Memory that the runs refer to by index. */
  readonly chunks: readonly ShuffleChunk[];
  /** {@link RUN_WORDS} words a run, by bin, and in a bin in the order of writing (I11). */
  readonly runs: Int32Array;
  /** Bin `b` has the runs `binStarts[b] .. binStarts[b + 1])`: one entry more than there are bins. */
  readonly binStarts: Int32Array;
  /** Records in all bins. */
  readonly records: number;
  /** Bytes of all frames. */
  readonly bytes: number;
}

/** Words of a run, in this order. */
export const RUN_WORDS = 5;
/** Index of its frame's chunk. */
export const RUN_CHUNK = 0;
/** Where its frame starts in the chunk: a multiple of 8. */
export const RUN_AT = 1;
/** Length of its frame. */
export const RUN_BYTES = 2;
/** Records of the frame in front of the run. */
export const RUN_SKIPPED = 3;
/** Records of the run, at least 1. */
export const RUN_RECORDS = 4;

export function binsOf(output: ShuffleOutput): number {
  return output.binStarts.length - 1;
}

/** Collects runs in the order of writing and sorts them by bin in the end. */
export class RunList {
  /** By bin, as they will stand in the output. */
  readonly #runs: readonly number[][];
  #length = 0;

  constructor(bins: number) {
    assert(Number.isInteger(bins) && bins >= 1, `an exchange has 1 bin or more, not ${bins}`);
    this.#runs = Array.from({ length: bins }, () => []);
  }

  add(bin: number, chunk: number, at: number, bytes: number, skipped: number, records: number): void {
    this.#runs[bin]!.push(chunk, at, bytes, skipped, records);
    this.#length++;
  }

  /** What was added since the last time. */
  take(): Pick<ShuffleOutput, 'runs' | 'binStarts'> {
    const runs = new Int32Array(this.#length * RUN_WORDS);
    const binStarts = new Int32Array(this.#runs.length + 1);
    let at = 0;
    for (let bin = 0; bin < this.#runs.length; bin++) {
      const words = this.#runs[bin]!;
      for (let i = 0; i < words.length; i++) runs[at++] = words[i]!;
      binStarts[bin + 1] = at / RUN_WORDS;
      words.length = 0;
    }
    this.#length = 0;
    return { runs, binStarts };
  }
}

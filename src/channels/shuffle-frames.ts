/**
 * Makes the frames of shuffle outputs, one output after the other: decides how many records make a frame and where it goes.
 *
 * Records wait per bin until a frame's worth is there. What still waits in the end are a few records per bin: neighbouring bins then
 * share a frame, because a small frame costs nearly as much as a large one. One thread only (I5).
 */
import { assert, MillraceError } from '../model/index.ts';
import { FrameColumns } from './frame-columns.ts';
import { FrameEncoder } from './frame-encoder.ts';
import { ShuffleMemory } from './shuffle-memory.ts';
import { RunList, type ShuffleOutput } from './shuffle-output.ts';

export interface ShuffleFramesOptions {
  /** Channels: parts of the exchange that a consumer reads one after the other. At least 1. */
  readonly bins: number;
  /** Records per frame at most; so many may wait in each bin. Default 128, with more than 64 bins down to 64. */
  readonly frameRecordsMax?: number;
  /** Bytes of one output (I8). */
  readonly bytesMax: number;
}

/** Unless a single record needs more. */
const ORDINARY_FRAME_BYTES = 64 * 1024;
/** From about here on a frame costs by its records, no longer by being a frame. A consumer may decode so many for nothing. */
const SHARED_FRAME_RECORDS_MAX = 64;

/** Measured with 1 to 128 bins: smaller frames cost more per record, more waiting records outgrow the caches. */
const FRAME_RECORDS_MAX = 128;
const FRAME_RECORDS_MIN = 64;
const WAITING_RECORDS_MAX = 8192;

function frameRecordsFor(bins: number): number {
  return Math.max(FRAME_RECORDS_MIN, Math.min(FRAME_RECORDS_MAX, Math.floor(WAITING_RECORDS_MAX / bins)));
}

export class ShuffleFrames {
  readonly #bytesMax: number;
  readonly #frameRecordsMax: number;
  readonly #encoder: FrameEncoder = new FrameEncoder();
  readonly #memory: ShuffleMemory = new ShuffleMemory();
  readonly #runs: RunList;
  #records = 0;
  #bytes = 0;

  /**
   * How many records of a bin make a frame. Begins with one and at most doubles with each frame: how large records are is known
   * before many of them wait (I8).
   */
  frameRecords = 1;

  /** Few records of neighbouring bins, on their way into one frame: bin `#gatheredBins[i]` has `#gatheredCounts[i]`. */
  readonly #gathered: FrameColumns = new FrameColumns();
  readonly #gatheredBins: number[] = [];
  readonly #gatheredCounts: number[] = [];

  constructor(options: ShuffleFramesOptions) {
    this.#bytesMax = options.bytesMax;
    this.#frameRecordsMax = options.frameRecordsMax ?? frameRecordsFor(options.bins);
    assert(this.#frameRecordsMax >= 1, `a frame takes 1 record or more, not ${this.#frameRecordsMax}`);
    this.#runs = new RunList(options.bins);
  }

  /** Encodes all of `records`, of one bin, and drops them. */
  write(bin: number, records: FrameColumns): void {
    while (records.length > 0) {
      const count = this.#encode(records);
      this.#addRun(bin, 0, count);
      records.drop(count);
    }
  }

  /** Moves the last records of a bin to those of the bins before it, if all are few. Bins come in order. */
  gather(bin: number, records: FrameColumns): void {
    if (this.#gathered.length + records.length > SHARED_FRAME_RECORDS_MAX) this.#writeGathered();
    if (records.length > SHARED_FRAME_RECORDS_MAX) {
      this.write(bin, records);
      return;
    }
    this.#gathered.append(records);
    this.#gatheredBins.push(bin);
    this.#gatheredCounts.push(records.length);
    records.drop(records.length);
  }

  take(): ShuffleOutput {
    this.#writeGathered();
    const output = { chunks: this.#memory.take(), ...this.#runs.take(), records: this.#records, bytes: this.#bytes };
    this.#records = 0;
    this.#bytes = 0;
    return output;
  }

  discard(): void {
    this.#forgetGathered();
    this.#memory.discard();
    this.#runs.take();
    this.#records = 0;
    this.#bytes = 0;
  }

  recycle(): void {
    this.#memory.recycle();
  }

  #writeGathered(): void {
    const records = this.#gathered;
    let at = 0;
    let left = this.#gatheredCounts[0] ?? 0;
    while (records.length > 0) {
      const count = this.#encode(records);
      records.drop(count);
      // Large records may take several frames, which may end in the middle of a bin.
      for (let inFrame = 0; inFrame < count; ) {
        const taken = Math.min(left, count - inFrame);
        this.#addRun(this.#gatheredBins[at]!, inFrame, taken);
        inFrame += taken;
        left -= taken;
        if (left === 0) left = this.#gatheredCounts[++at] ?? 0;
      }
    }
    this.#forgetGathered();
  }

  #forgetGathered(): void {
    this.#gathered.drop(this.#gathered.length);
    this.#gatheredBins.length = 0;
    this.#gatheredCounts.length = 0;
  }

  /** Makes a frame of the first of `records`, of as many as fit, and returns their number. */
  #encode(records: FrameColumns): number {
    const encoder = this.#encoder;
    const count = encoder.columns(records, ORDINARY_FRAME_BYTES);
    const { length } = encoder;
    if (this.#bytes + length > this.#bytesMax) throw tooLarge(this.#bytesMax, this.#records);
    this.#memory.append(encoder.bytes, length);
    this.#bytes += length;
    this.#records += count;
    const fitting = Math.floor((ORDINARY_FRAME_BYTES * count) / length);
    this.frameRecords = Math.max(1, Math.min(this.#frameRecordsMax, fitting, this.frameRecords * 2));
    return count;
  }

  #addRun(bin: number, skipped: number, records: number): void {
    this.#runs.add(bin, this.#memory.chunk, this.#memory.at, this.#encoder.length, skipped, records);
  }
}

function tooLarge(bytesMax: number, records: number): MillraceError {
  return new MillraceError(
    `what one task writes to one exchange in one batch takes more than ${bytesMax} bytes (the first ${records} records fitted); ` +
      'raise batch.shuffleBytesMax, or begin in continuous mode: the batch is planned, and is run again as it is. ' +
      'Batches planned from then on are smaller with a lower batch.recordsMax or batch.bytesMax',
    { code: 'ERR_SHUFFLE_TOO_LARGE', domain: 'user', recovery: 'none' },
  );
}

/**
 * The producing end of an exchange between supersteps: one channel per bin, whose frames pile up in shared memory until the task
 * is done and takes them as one {@link ShuffleOutput}. Nobody reads meanwhile, so it is never blocked: its bound is the
 * size of a batch (I8), beyond which it fails.
 *
 * Records wait per bin until a frame's worth is there. What still waits at the end are at most a few records per bin:
 * neighbouring bins then share frames, because a small frame costs nearly as much as a large one. One thread only (I5).
 */
import { assert, type ChannelWriter, type ControlElement, MillraceError, type StreamRecord } from '../model/index.ts';
import { FrameColumns } from './frame-columns.ts';
import { FrameEncoder } from './frame-encoder.ts';
import { ShuffleMemory } from './shuffle-memory.ts';
import { RunList, type ShuffleOutput } from './shuffle-output.ts';

export interface ShuffleWriterOptions {
  /** Channels: parts of the exchange that a consumer reads one after the other. At least 1. */
  readonly bins: number;
  /** Records per frame at most; default 256. Up to so many records wait in each bin. */
  readonly frameRecordsMax?: number;
  /** Bytes of one output (I8). */
  readonly bytesMax: number;
}

const FRAME_RECORDS_MAX_DEFAULT = 256;
/** Unless a single record needs more. */
const FRAME_BYTES_MAX = 64 * 1024;
/** The first frame is a small one: it tells how large records are, before many of them wait (I8). */
const FIRST_FRAME_RECORDS = 16;
/** From about here on a frame costs by its records, no longer by being a frame. A consumer may decode so many for nothing. */
const SHARED_FRAME_RECORDS_MAX = 64;

export class ShuffleWriter {
  /** By bin. */
  readonly channels: readonly ChannelWriter[];
  readonly #bins: readonly BinWriter[];
  readonly #frames: FrameSequence;

  constructor(options: ShuffleWriterOptions) {
    const frames = new FrameSequence(options);
    this.#frames = frames;
    this.#bins = Array.from({ length: options.bins }, (_, bin) => new BinWriter(frames, bin));
    this.channels = this.#bins;
  }

  /**
   * Everything written since the last time, and a writer for the next batch. Throws `ValueError` for a waiting value
   * outside the value domain, `ERR_SHUFFLE_TOO_LARGE` beyond the bound; then only {@link discard} may follow.
   */
  take(): ShuffleOutput {
    for (const bin of this.#bins) bin.gather();
    return this.#frames.take();
  }

  /** Drops everything written since the last {@link take}. */
  discard(): void {
    for (const bin of this.#bins) bin.clear();
    this.#frames.discard();
  }

  /**
   * The output taken last, if any, may be overwritten: its epoch is committed. Called between two outputs. A task that lost
   * its race and still reads that output fails with `ERR_SHUFFLE_OUTDATED`.
   *
   * Without this call each output has memory of its own, which is freed by chance: see `shuffle-memory.ts`.
   */
  recycle(): void {
    this.#frames.recycle();
  }
}

/** Encodes records into the frames of one output. */
class FrameSequence {
  readonly #bytesMax: number;
  readonly #frameRecordsMax: number;
  readonly #encoder: FrameEncoder = new FrameEncoder();
  readonly #memory: ShuffleMemory = new ShuffleMemory();
  readonly #runs: RunList;
  #records = 0;
  #bytes = 0;

  /** How many records make a frame of a good size, as far as known. */
  frameRecords: number;

  /** Few records of neighbouring bins, on their way into one frame: bin `#gatheredBins[i]` has `#gatheredCounts[i]`. */
  readonly #gathered: FrameColumns = new FrameColumns();
  readonly #gatheredBins: number[] = [];
  readonly #gatheredCounts: number[] = [];

  constructor(options: ShuffleWriterOptions) {
    this.#bytesMax = options.bytesMax;
    this.#frameRecordsMax = options.frameRecordsMax ?? FRAME_RECORDS_MAX_DEFAULT;
    assert(this.#frameRecordsMax >= 1, `a frame takes 1 record or more, not ${this.#frameRecordsMax}`);
    this.#runs = new RunList(options.bins);
    this.frameRecords = Math.min(FIRST_FRAME_RECORDS, this.#frameRecordsMax);
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
    this.#memory.take();
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
    const count = encoder.columns(records, FRAME_BYTES_MAX);
    const { length } = encoder;
    if (this.#bytes + length > this.#bytesMax) throw tooLarge(this.#bytesMax, this.#records);
    this.#memory.append(encoder.bytes, length);
    this.#bytes += length;
    this.#records += count;
    const fitting = Math.floor((FRAME_BYTES_MAX * count) / length);
    this.frameRecords = Math.max(1, Math.min(this.#frameRecordsMax, fitting));
    return count;
  }

  #addRun(bin: number, skipped: number, records: number): void {
    this.#runs.add(bin, this.#memory.chunk, this.#memory.at, this.#encoder.length, skipped, records);
  }
}

class BinWriter implements ChannelWriter {
  readonly #frames: FrameSequence;
  readonly #bin: number;
  readonly #records: FrameColumns = new FrameColumns();
  #isClosed = false;

  constructor(frames: FrameSequence, bin: number) {
    this.#frames = frames;
    this.#bin = bin;
  }

  write(record: StreamRecord): void {
    assert(!this.#isClosed, 'I10: a closed channel is written to');
    this.#records.add(record);
    if (this.#records.length >= this.#frames.frameRecords) this.flush();
  }

  /** Nothing to do: the end of the task is the barrier (BSP). */
  control(_element: ControlElement): void {}

  /** Nobody reads before the task is done. */
  handOver(): boolean {
    return false;
  }

  flush(): void {
    this.#frames.write(this.#bin, this.#records);
  }

  isBlocked(): boolean {
    return false;
  }

  /** What was written stays in the output. */
  close(): void {
    this.flush();
    this.#isClosed = true;
  }

  gather(): void {
    if (this.#records.length > 0) this.#frames.gather(this.#bin, this.#records);
  }

  clear(): void {
    this.#records.drop(this.#records.length);
  }
}

function tooLarge(bytesMax: number, records: number): MillraceError {
  return new MillraceError(
    `what one task writes to one exchange in one batch takes more than ${bytesMax} bytes (the first ${records} records fitted); ` +
      'lower batch.recordsMax or batch.bytesMax, or raise batch.shuffleBytesMax if the memory is there',
    { code: 'ERR_SHUFFLE_TOO_LARGE', domain: 'user', recovery: 'none' },
  );
}

/**
 * The producing end of an exchange between supersteps: one channel per bin, whose frames pile up in shared memory until the task
 * is done and takes them as one {@link ShuffleOutput}. Nobody reads meanwhile, so it is never blocked: its bound is the
 * size of a batch (I8), beyond which it fails.
 *
 * One thread only (I5).
 */
import { assert, type ChannelWriter, type ControlElement, type StreamRecord } from '../model/index.ts';
import { FrameColumns } from './frame-columns.ts';
import { ShuffleFrames, type ShuffleFramesOptions } from './shuffle-frames.ts';
import type { ShuffleOutput } from './shuffle-output.ts';

export type ShuffleWriterOptions = ShuffleFramesOptions;

export class ShuffleWriter {
  /** By bin. */
  readonly channels: readonly ChannelWriter[];
  readonly #bins: readonly BinWriter[];
  readonly #frames: ShuffleFrames;

  constructor(options: ShuffleWriterOptions) {
    const frames = new ShuffleFrames(options);
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
   * What was taken so far may be overwritten: its epoch is committed. Called between two outputs. A task that lost its race
   * and still reads fails with `ERR_SHUFFLE_OUTDATED`.
   *
   * Without this call large outputs have memory of their own, which is freed by chance: see `shuffle-memory.ts`.
   */
  recycle(): void {
    this.#frames.recycle();
  }
}

class BinWriter implements ChannelWriter {
  readonly #frames: ShuffleFrames;
  readonly #bin: number;
  readonly #records: FrameColumns = new FrameColumns();
  #isClosed = false;

  constructor(frames: ShuffleFrames, bin: number) {
    this.#frames = frames;
    this.#bin = bin;
  }

  write(record: StreamRecord): void {
    assert(!this.#isClosed, 'I10: a closed channel is written to');
    this.#records.add(record);
    if (this.#records.length >= this.#frames.frameRecords) this.#frames.write(this.#bin, this.#records);
  }

  /** Nothing to do: the end of the task is the barrier (BSP). */
  control(_element: ControlElement): void {
    assert(!this.#isClosed, 'I10: a closed channel is written to');
  }

  /** Nobody reads before the task is done. */
  handOver(): boolean {
    return false;
  }

  /** Nor here: a frame of its own for the last records of every bin is what sharing frames avoids. */
  flush(): void {}

  isBlocked(): boolean {
    return false;
  }

  /** What was written stays in the output. */
  close(): void {
    this.#isClosed = true;
  }

  gather(): void {
    if (this.#records.length > 0) this.#frames.gather(this.#bin, this.#records);
  }

  clear(): void {
    this.#records.drop(this.#records.length);
  }
}

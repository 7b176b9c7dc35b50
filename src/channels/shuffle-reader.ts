/**
 * The consuming end of an exchange between supersteps: the records of some bins, from what every producer wrote. Bin by bin, in a bin
 * producer by producer, each in its order of writing: the records of a key from one producer stay in order (I11), and
 * the consumer works on the keys of one bin at a time. Equal parts give equal records in equal order, however often
 * and where they are read: a retry sees what the first attempt saw. One thread only.
 *
 * A frame is copied into private memory before it is decoded: then nobody can change it any more, and msgpackr's native
 * decoder crashes the process when it is given shared memory. Decoding in place was at best a seventh faster.
 */
import { ByteReader } from '../codec/byte-reader.ts';
import { assert, MillraceError, type RecordReceiver, type StreamRecord } from '../model/index.ts';
import { decodeFrame } from './frame-decoder.ts';
import { isCurrentTurn, type ShuffleChunk } from './shuffle-memory.ts';
import {
  binsOf,
  RUN_AT,
  RUN_BYTES,
  RUN_CHUNK,
  RUN_RECORDS,
  RUN_SKIPPED,
  RUN_WORDS,
  type ShuffleOutput,
} from './shuffle-output.ts';

const MEMORY_INITIAL_BYTES = 64 * 1024;
/** Memory that one large frame made larger than this is given back. */
const MEMORY_KEPT_BYTES_MAX = 4 * 1024 * 1024;
const NO_RECORDS: readonly StreamRecord[] = [];

/** The frame of a part that several bins share, kept until the next one: bins are read in order, so it is decoded once. */
interface SharedFrame {
  readonly chunk: number;
  readonly at: number;
  readonly records: readonly StreamRecord[];
}

export class ShuffleReader {
  readonly #parts: readonly ShuffleOutput[];
  readonly #lastBin: number;
  readonly #shared: (SharedFrame | undefined)[];
  #frame: ByteReader = new ByteReader(new ArrayBuffer(MEMORY_INITIAL_BYTES));

  /** What is read next, once the records at hand are handed out: run `#run` of part `#part` of bin `#bin`. */
  #bin: number;
  #part = 0;
  #run: number;

  /** The run at hand: `#records[#next .. #end)`. */
  #records: readonly StreamRecord[] = NO_RECORDS;
  #next = 0;
  #end = 0;

  /** Bins `firstBin .. lastBin`, both inclusive, of `parts`: one per producer, in their order, all of as many bins. */
  constructor(parts: readonly ShuffleOutput[], firstBin: number, lastBin: number) {
    for (const part of parts) {
      assert(
        firstBin >= 0 && firstBin <= lastBin && lastBin < binsOf(part),
        `bins ${firstBin} .. ${lastBin} are read of an exchange of ${binsOf(part)}`,
      );
    }
    this.#parts = parts;
    this.#lastBin = lastBin;
    this.#shared = new Array<SharedFrame | undefined>(parts.length).fill(undefined);
    this.#bin = firstBin;
    this.#run = parts[0]?.binStarts[firstBin] ?? 0;
  }

  /**
   * Passes records to `receiver` until `limit` were taken, all were, or the receiver is blocked. Returns their number.
   * Throws `ERR_SHUFFLE_OUTDATED` when a part was recycled by its writer.
   */
  drain(receiver: RecordReceiver, limit: number): number {
    let taken = 0;
    while (taken < limit && this.#hasRecord() && !receiver.isBlocked()) {
      // Advanced first: when the receiver throws, the record is not seen twice.
      const record = this.#records[this.#next++]!;
      taken++;
      receiver.receive(record);
    }
    return taken;
  }

  isEmpty(): boolean {
    return !this.#hasRecord();
  }

  #hasRecord(): boolean {
    return this.#next < this.#end || this.#nextRun();
  }

  /** Brings the next run to hand; false when all were. */
  #nextRun(): boolean {
    while (this.#bin <= this.#lastBin && this.#parts.length > 0) {
      const part = this.#parts[this.#part]!;
      if (this.#run < part.binStarts[this.#bin + 1]!) {
        this.#open(part, this.#run++ * RUN_WORDS);
        return true;
      }
      this.#part++;
      if (this.#part === this.#parts.length) {
        this.#part = 0;
        this.#bin++;
      }
      this.#run = this.#parts[this.#part]!.binStarts[this.#bin]!;
    }
    this.#records = NO_RECORDS;
    this.#next = 0;
    this.#end = 0;
    return false;
  }

  #open(part: ShuffleOutput, run: number): void {
    const { runs } = part;
    const skipped = runs[run + RUN_SKIPPED]!;
    const end = skipped + runs[run + RUN_RECORDS]!;
    const records = this.#recordsOf(part, run);
    assert(end <= records.length, 'a run of records ends in its frame');
    this.#records = records;
    this.#next = skipped;
    this.#end = end;
  }

  /** The records of the frame that the run is in. */
  #recordsOf(part: ShuffleOutput, run: number): readonly StreamRecord[] {
    const chunk = part.runs[run + RUN_CHUNK]!;
    const at = part.runs[run + RUN_AT]!;
    const shared = this.#shared[this.#part];
    if (shared !== undefined && shared.chunk === chunk && shared.at === at) return shared.records;
    const records = this.#decode(part.chunks[chunk]!, at, part.runs[run + RUN_BYTES]!);
    if (records.length > part.runs[run + RUN_RECORDS]!) this.#shared[this.#part] = { chunk, at, records };
    return records;
  }

  #decode(chunk: ShuffleChunk, at: number, bytes: number): readonly StreamRecord[] {
    if (bytes > this.#frame.bytes.length) this.#frame = newMemory(2 ** Math.ceil(Math.log2(bytes)));
    this.#frame.bytes.set(new Uint8Array(chunk.memory, at, bytes));
    if (!isCurrentTurn(chunk)) throw outdated();
    const content = decodeFrame(this.#frame);
    assert(!('kind' in content), 'a shuffle frame holds records');
    if (this.#frame.bytes.length > MEMORY_KEPT_BYTES_MAX) this.#frame = newMemory(MEMORY_INITIAL_BYTES);
    return content;
  }
}

function outdated(): MillraceError {
  return new MillraceError(
    'a task read what its producers wrote after the memory was given up for the next batch; it must belong to an epoch that is over',
    { code: 'ERR_SHUFFLE_OUTDATED', domain: 'internal', recovery: 'restart' },
  );
}

function newMemory(bytes: number): ByteReader {
  return new ByteReader(new ArrayBuffer(bytes));
}

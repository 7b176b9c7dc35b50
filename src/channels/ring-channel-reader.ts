/**
 * The consuming end of a channel between threads. Pulls one frame at a time out of the ring into private memory, which frees
 * the ring before anything is processed, and hands its records out as the receiver takes them. A frame larger than
 * the ring arrives in pieces. One thread only (I5).
 */
import { ByteReader } from '../codec/byte-reader.ts';
import type { ChannelReader, ControlElement, Doorbell, RecordReceiver, StreamRecord } from '../model/index.ts';
import { decodeFrame, readFrameBytes } from './frame-decoder.ts';
import { FRAME_HEADER_BYTES } from './frame-format.ts';
import { RingConsumer } from './ring.ts';

export interface RingChannelReaderOptions {
  /** From `createRing`, of this generation (I10). */
  readonly ring: SharedArrayBuffer;
  /** Of the worker that writes; rung when it waits for room and some was made. */
  readonly producerBell: Doorbell;
}

const MEMORY_INITIAL_BYTES = 64 * 1024;
/** Memory that one large frame made larger than this is given back. */
const MEMORY_KEPT_BYTES_MAX = 4 * 1024 * 1024;

const NO_RECORDS: readonly StreamRecord[] = [];

export class RingChannelReader implements ChannelReader {
  readonly #ring: RingConsumer;
  readonly #producerBell: Doorbell;

  /** The frame being pulled: `#filled` of its `#frameBytes` are here. 0 while its header has not been read. */
  #frame: ByteReader = new ByteReader(new ArrayBuffer(MEMORY_INITIAL_BYTES));
  #frameBytes = 0;
  #filled = 0;

  /** The frame being handed out: records from `#next` on, or a control element. */
  #records: readonly StreamRecord[] = NO_RECORDS;
  #next = 0;
  #control: ControlElement | undefined;
  #isClosed = false;

  constructor(options: RingChannelReaderOptions) {
    this.#ring = new RingConsumer(options.ring);
    this.#producerBell = options.producerBell;
  }

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

  takeControl(): ControlElement | undefined {
    if (this.#hasRecord()) return undefined;
    const control = this.#control;
    this.#control = undefined;
    return control;
  }

  /** Pulls what has arrived: the answer is false as soon as one complete frame is there. */
  isEmpty(): boolean {
    return !this.#hasRecord() && this.#control === undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#records = NO_RECORDS;
    this.#next = 0;
    this.#control = undefined;
  }

  /** Whether a record is next, after pulling a frame if nothing at all is at hand. */
  #hasRecord(): boolean {
    if (this.#next < this.#records.length) return true;
    if (this.#control !== undefined || this.#isClosed || !this.#pull()) return false;
    const content = decodeFrame(this.#frame);
    this.#frameBytes = 0;
    this.#filled = 0;
    if (this.#frame.bytes.length > MEMORY_KEPT_BYTES_MAX) this.#frame = newMemory(MEMORY_INITIAL_BYTES);
    this.#next = 0;
    if ('kind' in content) {
      this.#records = NO_RECORDS;
      this.#control = content;
      return false;
    }
    this.#records = content;
    return true;
  }

  /** Moves bytes from the ring into the frame; true when it is complete. */
  #pull(): boolean {
    if (this.#ring.available() === 0) {
      this.#records = NO_RECORDS;
      return false;
    }
    if (this.#frameBytes === 0) {
      this.#filled = this.#ring.read(this.#frame.bytes, 0, FRAME_HEADER_BYTES);
      this.#frameBytes = readFrameBytes(this.#frame);
      this.#growTo(this.#frameBytes);
    }
    this.#filled += this.#ring.read(this.#frame.bytes, this.#filled, this.#frameBytes - this.#filled);
    // After the read, which stored the new position: see RingProducer.announceWait.
    if (this.#ring.takeProducerWait()) this.#producerBell.ring();
    return this.#filled === this.#frameBytes;
  }

  #growTo(bytes: number): void {
    if (bytes <= this.#frame.bytes.length) return;
    const grown = newMemory(2 ** Math.ceil(Math.log2(bytes)));
    grown.bytes.set(this.#frame.bytes.subarray(0, this.#filled));
    this.#frame = grown;
  }
}

function newMemory(bytes: number): ByteReader {
  return new ByteReader(new ArrayBuffer(bytes));
}

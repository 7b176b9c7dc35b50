/**
 * The producing end of a channel between threads. Records wait in a list; a frame is made of them when enough are there,
 * at the end of a step, and before a control element: natural batching. A record waits for company only
 * while the reader is behind anyway, and then for a few steps: frames of one record are what keeps a busy reader busy.
 *
 * At most one encoded frame waits for room in the ring. What is written meanwhile stays in the list, in order (I11), so
 * the bound of the channel is the ring, one frame, and what one input record expands to (I8). One thread only (I5).
 */
import { assert, type ChannelWriter, type ControlElement, type Doorbell, type StreamRecord } from '../model/index.ts';
import { FrameEncoder } from './frame-encoder.ts';
import { RingProducer } from './ring.ts';

export interface RingChannelWriterOptions {
  /** From `createRing`, of this generation (I10). */
  readonly ring: SharedArrayBuffer;
  /** Of the worker that reads; rung after something was published. */
  readonly consumerBell: Doorbell;
  /** Records per frame; default 512: beyond it frames gain no speed and the first record waits longer. */
  readonly frameRecordsMax?: number;
  /** Bytes per frame unless a single record needs more; default 65,536: several frames fit an ordinary ring. */
  readonly frameBytesMax?: number;
}

const FRAME_RECORDS_MAX_DEFAULT = 512;
const FRAME_BYTES_MAX_DEFAULT = 64 * 1024;
const FRAME_BYTES_MIN = 1024;

/** A reader with so much unread takes longer for it than the steps below do: nothing is lost by waiting for company. */
const BUSY_READER_BYTES = 2048;
/** From about here on a frame costs by its records, no longer by being a frame. */
const HELD_RECORDS_MAX = 64;
/** I8: a bound of a few tens of microseconds. */
const HELD_STEPS_MAX = 16;

interface PendingControl {
  readonly element: ControlElement;
  /** Index in the list of records before which it stands. */
  before: number;
}

export class RingChannelWriter implements ChannelWriter {
  readonly #ring: RingProducer;
  readonly #consumerBell: Doorbell;
  readonly #frameRecordsMax: number;
  readonly #frameBytesMax: number;
  readonly #encoder: FrameEncoder = new FrameEncoder();

  readonly #records: StreamRecord[] = [];
  /** Records before this index are in the encoder's frame or behind it. */
  #encoded = 0;
  readonly #controls: PendingControl[] = [];
  /** Bytes of the encoder's frame that the ring has taken. */
  #sent = 0;
  /** Steps in a row that ended with records held back. */
  #stepsHeld = 0;
  #isClosed = false;

  constructor(options: RingChannelWriterOptions) {
    this.#ring = new RingProducer(options.ring);
    this.#consumerBell = options.consumerBell;
    this.#frameRecordsMax = options.frameRecordsMax ?? FRAME_RECORDS_MAX_DEFAULT;
    this.#frameBytesMax = options.frameBytesMax ?? FRAME_BYTES_MAX_DEFAULT;
    assert(this.#frameRecordsMax >= 1, `a frame takes 1 record or more, not ${this.#frameRecordsMax}`);
    assert(
      this.#frameBytesMax >= FRAME_BYTES_MIN,
      `a frame takes ${FRAME_BYTES_MIN} bytes or more, not ${this.#frameBytesMax}`,
    );
  }

  write(record: StreamRecord): void {
    assert(!this.#isClosed, 'I10: a closed channel is written to');
    this.#records.push(record);
    // While a frame waits for room, records only queue up: trying again is the business of flush and isBlocked.
    if (this.#records.length - this.#encoded >= this.#frameRecordsMax && !this.#isFrameWaiting()) this.#publish();
  }

  control(element: ControlElement): void {
    assert(!this.#isClosed, 'I10: a closed channel is written to');
    this.#controls.push({ element, before: this.#records.length });
    if (!this.#isFrameWaiting()) this.#publish();
  }

  handOver(): boolean {
    const waiting = this.#records.length - this.#encoded;
    const isHeld =
      waiting > 0 &&
      waiting < HELD_RECORDS_MAX &&
      this.#stepsHeld < HELD_STEPS_MAX &&
      !this.#isFrameWaiting() &&
      this.#ring.unreadBytes() >= BUSY_READER_BYTES;
    this.#stepsHeld = isHeld ? this.#stepsHeld + 1 : 0;
    if (!isHeld) this.flush();
    return isHeld;
  }

  flush(): void {
    if (!this.#isClosed) this.#publish();
  }

  /**
   * Tries again to hand over first, so that a worker may ask it as `hasWork` of its parker: the answer turns false as soon
   * as the reader has made room.
   */
  isBlocked(): boolean {
    if (this.#isFrameWaiting()) this.#publish();
    return this.#isFrameWaiting();
  }

  /** Abandons what the ring has not taken; what it has taken stays readable. */
  close(): void {
    this.#isClosed = true;
    this.#records.length = 0;
    this.#controls.length = 0;
    this.#encoded = 0;
    this.#sent = this.#encoder.length;
  }

  #isFrameWaiting(): boolean {
    return this.#sent < this.#encoder.length;
  }

  /** Hands over as much as the ring takes, and rings once if that was anything. */
  #publish(): void {
    let isPublished = false;
    do {
      const taken = this.#send();
      if (taken > 0) isPublished = true;
    } while (!this.#isFrameWaiting() && this.#encodeNext());
    // The ring's positions were stored before: whoever wakes up finds the data.
    if (isPublished) this.#consumerBell.ring();
  }

  /** Moves the waiting frame on; announces that this side waits when the ring does not take all of it. */
  #send(): number {
    const { bytes, length } = this.#encoder;
    const before = this.#sent;
    this.#sent += this.#ring.write(bytes, this.#sent, length);
    if (this.#sent < length) {
      this.#ring.announceWait();
      this.#sent += this.#ring.write(bytes, this.#sent, length);
    }
    return this.#sent - before;
  }

  /** Encodes the next frame in the order of writing; false when nothing is left. The frame before it must be sent. */
  #encodeNext(): boolean {
    const control = this.#controls[0];
    const until = control?.before ?? this.#records.length;
    if (this.#encoded < until) {
      const to = Math.min(until, this.#encoded + this.#frameRecordsMax);
      this.#encoded += this.#encoder.records(this.#records, this.#encoded, to, this.#frameBytesMax);
      if (this.#encoded === this.#records.length) this.#forgetEncoded();
    } else if (control !== undefined) {
      this.#controls.shift();
      this.#encoder.control(control.element);
    } else {
      return false;
    }
    this.#sent = 0;
    return true;
  }

  #forgetEncoded(): void {
    for (const control of this.#controls) control.before -= this.#encoded;
    this.#records.length = 0;
    this.#encoded = 0;
  }
}

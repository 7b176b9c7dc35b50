/**
 * A stream of bytes between two threads: single producer, single consumer, no locks (I5). It knows nothing of frames.
 *
 * ```
 *  byte 0        64        128       192       256                      256 + capacity
 *  | tail        | head    | producer | unused  | data: a power of two of bytes ... |
 *    producer      consumer  waiting
 *    writes        writes    (both)
 * ```
 * Head and tail count bytes modulo 2^32 and only grow; their difference is what the ring holds, so full and empty are
 * told apart without wasting a byte. Each lives on a cache line of its own, and each side keeps a private copy of the
 * other's last seen position, so the line travels only when the copy no longer suffices.
 *
 * Memory order. Data bytes are written and read with plain accesses. What makes them safe is that every position is
 * stored and loaded with Atomics, which are sequentially consistent: the producer's data writes come before its store of
 * `tail`; a consumer that loads that tail sees them. In the other direction the consumer has copied the bytes out before it
 * stores `head`; a producer that loads that head may overwrite them.
 *
 * Everything is a multiple of {@link RING_UNIT_BYTES}: positions never split a unit at the wrap.
 */
import { assert, fail } from '../model/index.ts';

/** Reads and writes are whole units. */
export const RING_UNIT_BYTES = 8;

const CACHE_LINE_BYTES = 64;
const TAIL = 0;
const HEAD = CACHE_LINE_BYTES / Int32Array.BYTES_PER_ELEMENT;
const PRODUCER_WAITING = (2 * CACHE_LINE_BYTES) / Int32Array.BYTES_PER_ELEMENT;
const HEADER_BYTES = 4 * CACHE_LINE_BYTES;

const CAPACITY_MIN_BYTES = 64;
/** Half of what positions can count, so that a difference of two positions is never ambiguous. */
const CAPACITY_MAX_BYTES = 2 ** 30;

/**
 * Shared memory for one ring. `sizeBytes` is the data area: a power of two, 64 bytes to 1 GiB. Whoever makes it hands it to
 * exactly one producer and one consumer of one generation (I10).
 */
export function createRing(sizeBytes: number): SharedArrayBuffer {
  assert(
    Number.isInteger(Math.log2(sizeBytes)) && sizeBytes >= CAPACITY_MIN_BYTES && sizeBytes <= CAPACITY_MAX_BYTES,
    `a ring holds a power of two of bytes between ${CAPACITY_MIN_BYTES} and ${CAPACITY_MAX_BYTES}, not ${sizeBytes}`,
  );
  return new SharedArrayBuffer(HEADER_BYTES + sizeBytes);
}

export class RingProducer {
  readonly capacityBytes: number;
  readonly #header: Int32Array;
  readonly #data: Uint8Array;
  #tail: number;
  /** The consumer's position as last seen: never ahead of the real one, hence safe. */
  #headSeen: number;

  constructor(ring: SharedArrayBuffer) {
    this.capacityBytes = ring.byteLength - HEADER_BYTES;
    this.#header = new Int32Array(ring, 0, HEADER_BYTES / Int32Array.BYTES_PER_ELEMENT);
    this.#data = new Uint8Array(ring, HEADER_BYTES);
    this.#tail = Atomics.load(this.#header, TAIL) >>> 0;
    this.#headSeen = Atomics.load(this.#header, HEAD) >>> 0;
  }

  /**
   * Copies as much of `bytes[from .. to)` as there is room for and publishes it. Returns the number of bytes taken, a
   * multiple of the unit like `from` and `to`; 0 when the ring is full.
   */
  write(bytes: Uint8Array, from: number, to: number): number {
    const wanted = to - from;
    if (wanted % RING_UNIT_BYTES !== 0)
      fail(`a ring takes whole units of ${RING_UNIT_BYTES} bytes, not ${wanted} bytes`);
    let room = this.capacityBytes - ((this.#tail - this.#headSeen) >>> 0);
    if (room < wanted) {
      this.#headSeen = Atomics.load(this.#header, HEAD) >>> 0;
      room = this.capacityBytes - ((this.#tail - this.#headSeen) >>> 0);
      assert(
        room >= 0 && room <= this.capacityBytes,
        `I5: the ring has ${room} bytes of room, it must have one producer`,
      );
    }
    const taken = Math.min(room, wanted);
    if (taken === 0) return 0;

    const at = this.#tail & (this.capacityBytes - 1);
    const beforeWrap = Math.min(taken, this.capacityBytes - at);
    copy(this.#data, at, bytes, from, beforeWrap);
    if (beforeWrap < taken) copy(this.#data, 0, bytes, from + beforeWrap, taken - beforeWrap);
    this.#tail = (this.#tail + taken) >>> 0;
    Atomics.store(this.#header, TAIL, this.#tail | 0);
    return taken;
  }

  /** Bytes that the consumer has not taken yet. */
  unreadBytes(): number {
    this.#headSeen = Atomics.load(this.#header, HEAD) >>> 0;
    return (this.#tail - this.#headSeen) >>> 0;
  }

  /**
   * Says that this side waits for room. The caller must try {@link write} once more afterwards: either that attempt sees
   * the room the consumer made meanwhile, or the consumer, whose store of `head` came later, sees the announcement and rings.
   * (Both are a store followed by a load of the other's word; in the one total order of Atomics at least one load comes second.)
   */
  announceWait(): void {
    Atomics.store(this.#header, PRODUCER_WAITING, 1);
  }
}

export class RingConsumer {
  readonly capacityBytes: number;
  readonly #header: Int32Array;
  readonly #data: Uint8Array;
  #head: number;
  /** The producer's position as last seen: never ahead of the real one, hence safe. */
  #tailSeen: number;

  constructor(ring: SharedArrayBuffer) {
    this.capacityBytes = ring.byteLength - HEADER_BYTES;
    this.#header = new Int32Array(ring, 0, HEADER_BYTES / Int32Array.BYTES_PER_ELEMENT);
    this.#data = new Uint8Array(ring, HEADER_BYTES);
    this.#head = Atomics.load(this.#header, HEAD) >>> 0;
    this.#tailSeen = Atomics.load(this.#header, TAIL) >>> 0;
  }

  /** Bytes that can be read now. The shared position is looked at only when fewer than `wanted` were seen before. */
  available(wanted: number = RING_UNIT_BYTES): number {
    if ((this.#tailSeen - this.#head) >>> 0 < wanted) this.#tailSeen = Atomics.load(this.#header, TAIL) >>> 0;
    const available = (this.#tailSeen - this.#head) >>> 0;
    if (available > this.capacityBytes) fail(`I5: the ring holds ${available} bytes, it must have one consumer`);
    return available;
  }

  /** Copies up to `length` bytes (whole units) to `target[at ..)`, frees their room and returns their number. */
  read(target: Uint8Array, at: number, length: number): number {
    const taken = Math.min(this.available(length), length);
    if (taken === 0) return 0;
    const from = this.#head & (this.capacityBytes - 1);
    const beforeWrap = Math.min(taken, this.capacityBytes - from);
    copy(target, at, this.#data, from, beforeWrap);
    if (beforeWrap < taken) copy(target, at + beforeWrap, this.#data, 0, taken - beforeWrap);
    this.#head = (this.#head + taken) >>> 0;
    Atomics.store(this.#header, HEAD, this.#head | 0);
    return taken;
  }

  /**
   * True once after the producer has announced that it waits, but not before half of the ring is free: woken for every bit of
   * room it would go back to sleep each time. Asked after each {@link read} (see `announceWait` for the order); a consumer
   * that goes on reading empties the ring at last, so the producer is never forgotten.
   */
  takeProducerWait(): boolean {
    // The plain case costs a load of a line that nobody writes.
    if (Atomics.load(this.#header, PRODUCER_WAITING) === 0) return false;
    const held = ((Atomics.load(this.#header, TAIL) >>> 0) - this.#head) >>> 0;
    if (held > this.capacityBytes / 2) return false;
    return Atomics.exchange(this.#header, PRODUCER_WAITING, 0) === 1;
  }
}

/** A loop beats the call into native code for the small frames of a lightly loaded channel. */
const COPY_LOOP_BYTES_MAX = 64;

function copy(target: Uint8Array, at: number, source: Uint8Array, from: number, length: number): void {
  if (length <= COPY_LOOP_BYTES_MAX) {
    for (let i = 0; i < length; i++) target[at + i] = source[from + i]!;
  } else {
    target.set(source.subarray(from, from + length), at);
  }
}

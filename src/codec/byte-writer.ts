/**
 * A growing buffer for one encoder, used again for each batch. Sections start at multiples of 8, so that columns of
 * float64 can be written and read as such. Padding is zero: equal input gives equal bytes.
 *
 * Columns of numbers have the byte order of the machine (a frame never leaves it); everything else is little endian.
 */
const INITIAL_BYTES = 16 * 1024;
/** A buffer that one large batch made larger than this is given back at the next {@link ByteWriter.begin}. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;

/** Thrown by {@link ByteWriter.reserve}: the batch does not fit its limit. The caller encodes fewer records. */
export class BatchOverflow extends Error {
  constructor() {
    super('a batch outgrew its limit');
    this.name = 'BatchOverflow';
  }
}

export class ByteWriter {
  bytes: Buffer;
  floats: Float64Array;
  integers: Int32Array;
  length = 0;
  #view: DataView;
  #limitBytes = 0;

  constructor() {
    const memory = new ArrayBuffer(INITIAL_BYTES);
    this.bytes = Buffer.from(memory);
    this.floats = new Float64Array(memory);
    this.integers = new Int32Array(memory);
    this.#view = new DataView(memory);
  }

  /** Empties the buffer. More than `limitBytes` will overflow. */
  begin(limitBytes: number): void {
    this.length = 0;
    this.#limitBytes = limitBytes;
    if (this.bytes.length > KEPT_BYTES_MAX) this.#adopt(new ArrayBuffer(INITIAL_BYTES));
  }

  /** Makes room for `extra` bytes behind `length` (and the padding behind them). */
  reserve(extra: number): void {
    const needed = this.length + extra + 8;
    if (needed <= this.bytes.length && needed <= this.#limitBytes) return;
    if (needed > this.#limitBytes) throw new BatchOverflow();
    const old = this.bytes;
    this.#adopt(new ArrayBuffer(2 ** Math.ceil(Math.log2(needed))));
    this.bytes.set(old.subarray(0, this.length));
  }

  /** Appends zeros up to the next multiple of 8. Room for them is part of every reservation. */
  pad(): void {
    while (this.length % 8 !== 0) this.bytes[this.length++] = 0;
  }

  setUint32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  setUint16(at: number, value: number): void {
    this.#view.setUint16(at, value, true);
  }

  #adopt(memory: ArrayBuffer): void {
    this.bytes = Buffer.from(memory);
    this.floats = new Float64Array(memory);
    this.integers = new Int32Array(memory);
    this.#view = new DataView(memory);
  }
}

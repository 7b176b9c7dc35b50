/**
 * Encodes records and control elements as frames (`frame-format.ts`), one at a time, into a buffer of its own.
 */
import { BatchOverflow, ByteWriter } from '../codec/byte-writer.ts';
import { writeColumn } from '../codec/column-codec.ts';
import {
  assert,
  type ControlElement,
  type Key,
  type Marker,
  type StreamRecord,
  ValueError,
  type Watermark,
} from '../model/index.ts';
import { FrameColumns } from './frame-columns.ts';
import {
  FRAME_BYTES_MAX,
  FRAME_HEADER_BYTES,
  INGEST_TIME_SHARED,
  KEY_SOURCE_AT,
  KEYS_OF_THEIR_OWN,
  KIND_MARKER,
  KIND_RECORDS,
  KIND_WATERMARK,
  MARKER_FRAME_BYTES,
  RECORDS_HEADER_BYTES,
  SHARED_TIMES_AT,
  TIMESTAMP_SHARED,
  WATERMARK_FRAME_BYTES,
} from './frame-format.ts';
import { findKeySource } from './frame-keys.ts';

/** Of one record. */
const TIMES_BYTES = 16;

export class FrameEncoder {
  readonly #out: ByteWriter = new ByteWriter();
  readonly #columns: FrameColumns = new FrameColumns();
  /** Records that are expected to fit: follows the size of the records, so that few attempts are in vain. */
  #countExpected = Number.POSITIVE_INFINITY;

  /** The frame is `bytes[0 .. length)`, until the next one is encoded. */
  get bytes(): Uint8Array {
    return this.#out.bytes;
  }

  get length(): number {
    return this.#out.length;
  }

  /**
   * Encodes `records[from .. to)`, or as many of the first of them as fit `bytesMax`, and returns their number: at least
   * one, for which `FRAME_BYTES_MAX` is the limit. Throws `ValueError` for a value outside the value domain.
   */
  records(records: readonly StreamRecord[], from: number, to: number, bytesMax: number): number {
    assert(from < to && to <= records.length, 'a frame of records has at least one, all of which are there');
    const columns = this.#columns;
    const end = Math.min(to, from + this.#countExpected);
    for (let i = from; i < end; i++) columns.add(records[i]!);
    try {
      return this.columns(columns, bytesMax);
    } finally {
      // A channel that falls quiet must not keep its last values alive.
      columns.drop(columns.length);
    }
  }

  /** The same of the records in `columns`, which it leaves as they are. */
  columns(columns: FrameColumns, bytesMax: number): number {
    assert(columns.length > 0, 'a frame of records has at least one');
    let count = Math.min(columns.length, this.#countExpected);
    while (!this.#fits(columns, count, count === 1 ? FRAME_BYTES_MAX : bytesMax)) {
      if (count === 1) throw new ValueError(describeOversize(columns.keys[0]));
      count = count >> 1;
      this.#countExpected = count;
    }
    this.#countExpected += Math.max(1, this.#countExpected >> 3);
    this.#seal(KIND_RECORDS);
    return count;
  }

  control(element: ControlElement): void {
    if (element.kind === 'marker') this.#marker(element);
    else this.#watermark(element);
  }

  #marker({ epoch, isFinal }: Marker): void {
    const out = this.#beginControl(MARKER_FRAME_BYTES);
    out.floats[FRAME_HEADER_BYTES / 8] = epoch;
    out.bytes[FRAME_HEADER_BYTES + 8] = isFinal ? 1 : 0;
    this.#seal(KIND_MARKER);
  }

  #watermark({ time, ingestTime, isIdle }: Watermark): void {
    const out = this.#beginControl(WATERMARK_FRAME_BYTES);
    out.floats[FRAME_HEADER_BYTES / 8] = time;
    out.floats[FRAME_HEADER_BYTES / 8 + 1] = ingestTime;
    out.bytes[FRAME_HEADER_BYTES + 16] = isIdle ? 1 : 0;
    this.#seal(KIND_WATERMARK);
  }

  #beginControl(bytes: number): ByteWriter {
    const out = this.#out;
    out.begin(FRAME_BYTES_MAX);
    out.bytes.fill(0, 0, bytes);
    out.length = bytes;
    return out;
  }

  #fits(columns: FrameColumns, count: number, bytesMax: number): boolean {
    try {
      this.#write(columns, count, bytesMax);
      return true;
    } catch (error) {
      if (error instanceof BatchOverflow) return false;
      throw error;
    }
  }

  #write(columns: FrameColumns, count: number, bytesMax: number): void {
    const out = this.#out;
    out.begin(bytesMax);
    out.reserve(FRAME_HEADER_BYTES + RECORDS_HEADER_BYTES + count * TIMES_BYTES);
    out.floats[0] = 0;
    out.floats[1] = 0;
    out.setUint32(FRAME_HEADER_BYTES, count);
    out.length = FRAME_HEADER_BYTES + RECORDS_HEADER_BYTES;
    const timestampShared = writeTimes(columns.timestamps, count, out) ? TIMESTAMP_SHARED : 0;
    const ingestTimeShared = writeTimes(columns.ingestTimes, count, out) ? INGEST_TIME_SHARED : 0;
    out.bytes[SHARED_TIMES_AT] = timestampShared | ingestTimeShared;
    const fields = writeColumn(columns.values, count, out, 'value');
    const source = findKeySource(columns.keys, columns.values, fields, count);
    out.setUint32(KEY_SOURCE_AT, source);
    if (source === KEYS_OF_THEIR_OWN) writeColumn(columns.keys, count, out, 'key');
  }

  #seal(kind: number): void {
    const out = this.#out;
    assert(
      out.length % 8 === 0 && out.length <= FRAME_BYTES_MAX,
      'a frame is whole units of 8 bytes, within its limit',
    );
    out.setUint32(0, out.length);
    out.bytes[4] = kind;
  }
}

/** Behind `out.length`, where room must be. Writes one number and returns true when all are the same. */
function writeTimes(times: Float64Array, count: number, out: ByteWriter): boolean {
  const { floats } = out;
  const start = out.length / 8;
  const first = times[0]!;
  floats[start] = first;
  let same = 1;
  if (Number.isNaN(first)) while (same < count && Number.isNaN(times[same])) same++;
  else while (same < count && times[same] === first) same++;
  if (same === count) {
    out.length += 8;
    return true;
  }
  for (let i = 1; i < count; i++) floats[start + i] = times[i]!;
  out.length += 8 * count;
  return false;
}

function describeOversize(key: Key | undefined): string {
  const withKey = key === undefined ? '' : ` with key ${JSON.stringify(String(key).slice(0, 100))}`;
  return `a record${withKey} takes more than ${FRAME_BYTES_MAX} bytes when encoded, too large for a channel between threads; split it into smaller ones`;
}

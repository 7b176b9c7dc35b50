/**
 * The two msgpackr instances of this thread. Neither is given `structures`: definitions of record shapes would then live
 * in the instance instead of the bytes, and nobody else could read them.
 */
import { Packr, RESET_BUFFER_MODE } from 'msgpackr';

const SHARED_OPTIONS = {
  // Sets and typed arrays.
  moreTypes: true,
  // A field named toJSON is data.
  useToJSON: false,
  // Decoded Buffers must not be views of a buffer that the next frame overwrites.
  copyBuffers: true,
  int64AsType: 'bigint',
} as const;

/** One value at a time: objects as maps, because a shape definition costs more than it saves. */
const single = new Packr({ ...SHARED_OPTIONS, useRecords: false, mapsAsObjects: true });

/** Many values at once: each shape of objects is defined once, inline. */
const batch = new Packr({ ...SHARED_OPTIONS, useRecords: true });

/** The result is a view of a buffer that the next call overwrites. */
export function packSingle(value: unknown): Buffer {
  return single.pack(value, RESET_BUFFER_MODE);
}

/** One object for all calls, which msgpackr reads before it returns. */
const range = { start: 0, end: 0 };

/** Of `bytes[start .. end)`. */
export function unpackSingle(bytes: Buffer, start: number, end: number): unknown {
  range.start = start;
  range.end = end;
  return single.unpack(bytes, range);
}

/** The result is a view of a buffer that the next call overwrites. */
export function packBatch(values: readonly unknown[]): Buffer {
  return batch.pack(values, RESET_BUFFER_MODE);
}

export function unpackBatch(bytes: Buffer): unknown[] {
  return batch.unpack(bytes) as unknown[];
}

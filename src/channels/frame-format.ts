/**
 * Frames: what stands in the stream of bytes of a ring. Each is self-contained and made of whole ring units.
 *
 * ```
 *  | frame bytes, this header included u32 | kind u8 | shared times u8 | 0 u8 x 2 | body |
 *  body of RECORDS:  | record count u32 | source of keys u32 | timestamps f64 | ingest times f64 | values | keys |
 *  body of MARKER:   | epoch f64 | isFinal u8 | 0 u8 x 7 |
 *  body of WATERMARK: | time f64 | ingest time f64 | isIdle u8 | 0 u8 x 7 |
 * ```
 * Times are one number each, or one for all records where the bit of `shared times` is set. Values and keys are columns
 * (`column-codec.ts`); that of keys is missing where the keys are found in the values. Keys nearly always are: `keyBy` picks
 * a field far more often than it computes something.
 *
 * Frames live as long as their ring, in one process: the format may change with any version.
 */
import { VALUE_BYTES_MAX } from '../codec/value-domain.ts';

export const FRAME_HEADER_BYTES = 8;
export const RECORDS_HEADER_BYTES = 8;
export const MARKER_FRAME_BYTES: number = FRAME_HEADER_BYTES + 16;
export const WATERMARK_FRAME_BYTES: number = FRAME_HEADER_BYTES + 24;

/** Largest frame. Only a frame of one record comes near it; a larger record is refused with a `ValueError`. */
export const FRAME_BYTES_MAX: number = VALUE_BYTES_MAX;

export const KIND_RECORDS = 1;
export const KIND_MARKER = 2;
export const KIND_WATERMARK = 3;

/** Where the shared times and the source of keys stand in a frame of records. */
export const SHARED_TIMES_AT = 5;
export const KEY_SOURCE_AT: number = FRAME_HEADER_BYTES + 4;

/** Bits of `shared times`. */
export const TIMESTAMP_SHARED = 1;
export const INGEST_TIME_SHARED = 2;

/** Source of keys: a column of their own, the values themselves, or, from `KEYS_FROM_FIELD` on, that field of the values. */
export const KEYS_OF_THEIR_OWN = 0;
export const KEYS_ARE_VALUES = 1;
export const KEYS_FROM_FIELD = 2;

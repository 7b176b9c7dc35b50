/**
 * Frames: what stands in the stream of bytes of a ring. Each is self-contained and made of whole ring units.
 *
 * ```
 *  | frame bytes, this header included u32 | kind u8 | 0 u8 x 3 | body |
 *  body of RECORDS:  | record count u32 | 0 u32 | columns: timestamp, ingestTime, key, value |   (column-codec.ts)
 *  body of MARKER:   | epoch f64 | isFinal u8 | 0 u8 x 7 |
 * ```
 * Frames live as long as their ring, in one process: the format may change with any version.
 */
import { VALUE_BYTES_MAX } from '../codec/value-domain.ts';

export const FRAME_HEADER_BYTES = 8;
export const RECORDS_HEADER_BYTES = 8;
export const MARKER_FRAME_BYTES: number = FRAME_HEADER_BYTES + 16;

/** Largest frame. Only a frame of one record comes near it; a larger record is refused with a `ValueError`. */
export const FRAME_BYTES_MAX: number = VALUE_BYTES_MAX;

export const KIND_RECORDS = 1;
export const KIND_MARKER = 2;

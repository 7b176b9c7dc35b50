/**
 * How long an entry lives, as stored in front of its value: `[0xc1 0xc1][f64 expires at][f64 indexed at]`, little endian. No encoded value
 * begins so (`value-codec.ts`: 0xc1 is never used by MessagePack, and once only in front of an escaped value), hence each stored entry
 * says itself whether it has a life, whatever its state is declared as now.
 */
import type { TimestampMs } from '../model/index.ts';

export interface EntryLife {
  /** Not to be seen from this time on. */
  expiresAt: TimestampMs;
  /** Under which time the entry stands in the index of what expires; at or before `expiresAt`. */
  indexedAt: TimestampMs;
}

export const LIFE_BYTES = 18;
const LIFE_TAG = 0xc1;

export function writeLife(life: EntryLife, target: DataView, at: number): void {
  target.setUint8(at, LIFE_TAG);
  target.setUint8(at + 1, LIFE_TAG);
  target.setFloat64(at + 2, life.expiresAt, true);
  target.setFloat64(at + 10, life.indexedAt, true);
}

/** `undefined` when the value at `start` has none in front of it. */
export function readLife(bytes: Buffer, start: number, end: number): EntryLife | undefined {
  if (end - start < LIFE_BYTES || bytes[start] !== LIFE_TAG || bytes[start + 1] !== LIFE_TAG) return undefined;
  return { expiresAt: bytes.readDoubleLE(start + 2), indexedAt: bytes.readDoubleLE(start + 10) };
}

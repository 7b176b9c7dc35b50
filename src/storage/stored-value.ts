/** An entry's value as base tables and deltas hold it: encoded, behind its life if it has one. */
import { decodeValueAt } from '../codec/value-codec.ts';
import { type EntryLife, LIFE_BYTES, readLife } from './entry-life.ts';

export interface StoredValue {
  readonly value: unknown;
  /** `undefined`: it lives for ever. */
  readonly life: EntryLife | undefined;
}

export function decodeStored(bytes: Uint8Array): StoredValue {
  return decodeStoredAt(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
}

/** {@link decodeStored} of `bytes[start .. end)`. */
export function decodeStoredAt(bytes: Buffer, start: number, end: number): StoredValue {
  const life = readLife(bytes, start, end);
  return { value: decodeValueAt(bytes, life === undefined ? start : start + LIFE_BYTES, end), life };
}

/**
 * Bytes for any value of the value domain (`value-domain.ts`), self-contained: what one thread, process or version wrote,
 * another can read. Plain MessagePack; a value that MessagePack or msgpackr would change is preceded by the byte 0xc1,
 * which MessagePack never uses, and follows in escaped form (`escaped-value.ts`).
 */
import { CorruptionError } from '../model/index.ts';
import { escapeValue, unescapeValue } from './escaped-value.ts';
import { packSingle, unpackSingle } from './packr.ts';
import { inspectValue, type ValueProfile } from './value-domain.ts';

const ESCAPED = 0xc1;

const profile: ValueProfile = { weight: 0, needsEscape: false };

/** Encodes one value. The result is a copy the caller owns. Throws `ValueError`, with the path, for a value outside the domain. */
export function encodeValue(value: unknown): Uint8Array {
  const packed = packChecked(value);
  const bytes = new Uint8Array(packed.length + (profile.needsEscape ? 1 : 0));
  writePacked(packed, bytes, 0);
  return bytes;
}

/**
 * Encodes one value into `target` from `offset` on and returns the offset behind it, or -1 when it does not fit (nothing
 * was written then). Saves the allocation that {@link encodeValue} makes per value. Throws `ValueError` like it.
 */
export function encodeValueInto(value: unknown, target: Uint8Array, offset: number): number {
  const packed = packChecked(value);
  const end = offset + packed.length + (profile.needsEscape ? 1 : 0);
  if (end > target.length) return -1;
  writePacked(packed, target, offset);
  return end;
}

/** Decodes what {@link encodeValue} made. Only for bytes whose checksum has been verified, or that this process made. */
export function decodeValue(bytes: Uint8Array): unknown {
  return decodeValueAt(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
}

/** {@link decodeValue} of `bytes[start .. end)`: many values of one buffer cost no view each, which is half of the time. */
export function decodeValueAt(bytes: Buffer, start: number, end: number): unknown {
  try {
    return bytes[start] === ESCAPED
      ? unescapeValue(unpackSingle(bytes, start + 1, end))
      : unpackSingle(bytes, start, end);
  } catch (cause) {
    if (cause instanceof CorruptionError) throw cause;
    throw new CorruptionError(`an encoded value of ${end - start} bytes cannot be read; it is damaged or cut`, {
      cause,
    });
  }
}

/** The view is valid until the next pack; `profile.needsEscape` says which form it is. */
function packChecked(value: unknown): Buffer {
  profile.weight = 0;
  profile.needsEscape = false;
  inspectValue(value, profile);
  return packSingle(profile.needsEscape ? escapeValue(value) : value);
}

function writePacked(packed: Buffer, target: Uint8Array, offset: number): void {
  if (profile.needsEscape) target[offset++] = ESCAPED;
  target.set(packed, offset);
}

/**
 * Bytes of a key: one tag byte, then the key. Part of the state format. Byte order is a total order over all keys
 * (by tag, then strings by UTF-8 bytes, numbers by their IEEE bits), deterministic but not numeric.
 *
 * Distinct keys have distinct bytes: strings with lone surrogates, which UTF-8 would fold into one, have a form of their own.
 */
import { assert, CorruptionError, type Key } from '../model/index.ts';
import { isWellFormed } from './value-domain.ts';

const TAG_FALSE = 1;
const TAG_TRUE = 2;
const TAG_NUMBER = 3;
const TAG_BIGINT = 4;
const TAG_STRING = 5;
/** UTF-16, little endian: only for strings that UTF-8 cannot carry. */
const TAG_STRING_UTF16 = 6;

const encoder = new TextEncoder();

/** Expects a key in canonical form (`canonicalKey`). */
export function encodeKey(key: Key): Uint8Array {
  switch (typeof key) {
    case 'boolean':
      return Uint8Array.of(key ? TAG_TRUE : TAG_FALSE);
    case 'number': {
      const bytes = new Uint8Array(9);
      bytes[0] = TAG_NUMBER;
      // All NaN are one key, whatever their bits.
      new DataView(bytes.buffer).setFloat64(1, Number.isNaN(key) ? Number.NaN : key);
      return bytes;
    }
    case 'bigint':
      return tagged(TAG_BIGINT, encoder.encode(key.toString()));
    case 'string':
      return isWellFormed(key)
        ? tagged(TAG_STRING, encoder.encode(key))
        : tagged(TAG_STRING_UTF16, Buffer.from(key, 'utf16le'));
  }
}

export function decodeKey(bytes: Uint8Array): Key {
  return decodeKeyAt(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
}

/** {@link decodeKey} of `bytes[start .. end)`: many keys of one buffer cost no view each. */
export function decodeKeyAt(bytes: Buffer, start: number, end: number): Key {
  const body = start + 1;
  switch (bytes[start]) {
    case TAG_FALSE:
      return false;
    case TAG_TRUE:
      return true;
    case TAG_NUMBER:
      assert(end - start === 9, `an encoded number key has 9 bytes, not ${end - start}`);
      return bytes.readDoubleBE(body);
    case TAG_BIGINT:
      return BigInt(bytes.toString('utf8', body, end));
    case TAG_STRING:
      return bytes.toString('utf8', body, end);
    case TAG_STRING_UTF16:
      return bytes.toString('utf16le', body, end);
    default:
      throw new CorruptionError(
        `an encoded key begins with the unknown tag ${bytes[start]}; the state is damaged or newer than this version`,
      );
  }
}

function tagged(tag: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(body.length + 1);
  bytes[0] = tag;
  bytes.set(body, 1);
  return bytes;
}

/** Above this many characters the native encoder is faster than a loop. */
const LOOP_LENGTH_MAX = 64;

/**
 * Writes what {@link encodeKey} returns into `target` from `offset` on, without allocating for the usual keys, and returns
 * the offset behind it; -1 when it does not fit (then `target` may have been written to behind `offset`).
 */
export function encodeKeyInto(key: Key, target: Uint8Array, offset: number): number {
  if (typeof key === 'string' && key.length <= LOOP_LENGTH_MAX) {
    const end = writeAscii(key, target, offset);
    if (end !== 0) return end;
  }
  const bytes = encodeKey(key);
  if (offset + bytes.length > target.length) return -1;
  target.set(bytes, offset);
  return offset + bytes.length;
}

/** The offset behind the key, -1 when there is no room, 0 when the key is not plain ASCII. */
function writeAscii(key: string, target: Uint8Array, offset: number): number {
  const { length } = key;
  if (offset + length + 1 > target.length) return -1;
  target[offset] = TAG_STRING;
  for (let i = 0; i < length; i++) {
    const code = key.charCodeAt(i);
    if (code > 0x7f) return 0;
    target[offset + 1 + i] = code;
  }
  return offset + 1 + length;
}

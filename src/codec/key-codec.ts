/**
 * Bytes of a key: one tag byte, then the key. Part of the state format. Byte order is a total order over all keys
 * (by tag, then strings by UTF-8 bytes, numbers by their IEEE bits), deterministic but not numeric.
 */
import { assert, CorruptionError, type Key } from '../model/index.ts';

const TAG_FALSE = 1;
const TAG_TRUE = 2;
const TAG_NUMBER = 3;
const TAG_BIGINT = 4;
const TAG_STRING = 5;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Expects a key in canonical form (`canonicalKey`). */
export function encodeKey(key: Key): Uint8Array {
  switch (typeof key) {
    case 'boolean':
      return Uint8Array.of(key ? TAG_TRUE : TAG_FALSE);
    case 'number': {
      const bytes = new Uint8Array(9);
      bytes[0] = TAG_NUMBER;
      new DataView(bytes.buffer).setFloat64(1, key);
      return bytes;
    }
    case 'bigint':
      return tagged(TAG_BIGINT, key.toString());
    case 'string':
      return tagged(TAG_STRING, key);
  }
}

export function decodeKey(bytes: Uint8Array): Key {
  switch (bytes[0]) {
    case TAG_FALSE:
      return false;
    case TAG_TRUE:
      return true;
    case TAG_NUMBER:
      assert(bytes.length === 9, `an encoded number key has 9 bytes, not ${bytes.length}`);
      return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(1);
    case TAG_BIGINT:
      return BigInt(decoder.decode(bytes.subarray(1)));
    case TAG_STRING:
      return decoder.decode(bytes.subarray(1));
    default:
      throw new CorruptionError(
        `an encoded key begins with the unknown tag ${bytes[0]}; the state is damaged or newer than this version`,
      );
  }
}

function tagged(tag: number, text: string): Uint8Array {
  const body = encoder.encode(text);
  const bytes = new Uint8Array(body.length + 1);
  bytes[0] = tag;
  bytes.set(body, 1);
  return bytes;
}

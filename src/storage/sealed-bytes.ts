/**
 * Bytes with a checksum over themselves and the key they are stored under: `[u32 CRC-32][payload]`. LMDB has none of its
 * own (reliability F8), and a value that turns up under another key is damage as well.
 */
import { checksum } from '../codec/checksum.ts';
import { decodeValue, encodeValue } from '../codec/value-codec.ts';
import { CorruptionError } from '../model/index.ts';

const CHECKSUM_BYTES = 4;

export function sealBytes(key: Uint8Array, payload: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(CHECKSUM_BYTES + payload.length);
  sealed.set(payload, CHECKSUM_BYTES);
  new DataView(sealed.buffer).setUint32(0, checksum(payload, checksum(key)), true);
  return sealed;
}

/** The payload, as a view. `what` names the thing in the `CorruptionError` of a mismatch. */
export function unsealBytes(key: Uint8Array, sealed: Uint8Array, what: string): Uint8Array {
  const payload = sealed.subarray(CHECKSUM_BYTES);
  if (sealed.length < CHECKSUM_BYTES || sealedChecksum(sealed) !== checksum(payload, checksum(key))) {
    throw new CorruptionError(
      `${what} does not match its checksum: the state directory is damaged; restore it from a copy, or start in a new directory`,
    );
  }
  return payload;
}

/** The checksum stored in front of a sealed value. */
export function sealedChecksum(sealed: Uint8Array): number {
  return new DataView(sealed.buffer, sealed.byteOffset, CHECKSUM_BYTES).getUint32(0, true);
}

export function sealValue(key: Uint8Array, value: unknown): Uint8Array {
  return sealBytes(key, encodeValue(value));
}

export function unsealValue(key: Uint8Array, sealed: Uint8Array, what: string): unknown {
  return decodeValue(unsealBytes(key, sealed, what));
}

/**
 * Bytes with a checksum over themselves and the key they are stored under: `[u32 CRC-32][payload]`. LMDB has none of its
 * own (reliability F8), and a value that turns up under another key is damage as well.
 */
import { checksum } from '../codec/checksum.ts';
import { decodeValue, encodeValue } from '../codec/value-codec.ts';
import { CorruptionError } from '../model/index.ts';

/** Room that a sealed value needs in front of its payload. */
export const SEAL_BYTES = 4;

export function sealBytes(key: Uint8Array, payload: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(SEAL_BYTES + payload.length);
  sealed.set(payload, SEAL_BYTES);
  sealInPlace(key, sealed);
  return sealed;
}

/** Fills in the checksum of a payload that stands behind {@link SEAL_BYTES} free bytes. */
export function sealInPlace(key: Uint8Array, sealed: Uint8Array): void {
  const sum = checksum(sealed.subarray(SEAL_BYTES), checksum(key));
  sealed[0] = sum;
  sealed[1] = sum >>> 8;
  sealed[2] = sum >>> 16;
  sealed[3] = sum >>> 24;
}

/** The payload, as a view. `what` names the thing in the `CorruptionError` of a mismatch. */
export function unsealBytes(key: Uint8Array, sealed: Uint8Array, what: string): Uint8Array {
  const payload = sealed.subarray(SEAL_BYTES);
  if (sealed.length < SEAL_BYTES || sealedChecksum(sealed) !== checksum(payload, checksum(key))) {
    throw new CorruptionError(
      `${what} does not match its checksum: the state directory is damaged; restore it from a copy, or start in a new directory`,
    );
  }
  return payload;
}

/** The checksum stored in front of a sealed value. */
export function sealedChecksum(sealed: Uint8Array): number {
  return (sealed[0]! | (sealed[1]! << 8) | (sealed[2]! << 16) | (sealed[3]! << 24)) >>> 0;
}

export function sealValue(key: Uint8Array, value: unknown): Uint8Array {
  return sealBytes(key, encodeValue(value));
}

export function unsealValue(key: Uint8Array, sealed: Uint8Array, what: string): unknown {
  return decodeValue(unsealBytes(key, sealed, what));
}

/**
 * Bytes for any value of the value domain, self-contained: what one thread, process or version wrote, another can read.
 */
import { Packr } from 'msgpackr';

const packr = new Packr({ useRecords: false, moreTypes: true, int64AsType: 'bigint' });

/** Encodes one value. The result is a copy the caller owns. Throws `ValueError` for a value outside the domain. */
export function encodeValue(value: unknown): Uint8Array {
  return Uint8Array.prototype.slice.call(packr.pack(value));
}

/** Decodes what {@link encodeValue} made. Only for bytes whose checksum has been verified, or that this process made. */
export function decodeValue(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
}

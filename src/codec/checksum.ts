import { crc32 } from 'node:zlib';

/** CRC-32 (IEEE), continued from `seed`. Detects damage, not tampering. */
export function checksum(bytes: Uint8Array, seed = 0): number {
  return crc32(bytes, seed);
}

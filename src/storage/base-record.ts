/**
 * What the base tables (and the rows of table sinks) hold under a key: a sealed record, with the full key and sub key in
 * front of the value where only their hash is in the key.
 *
 *   [u32 checksum][u8 flags][u32 length, key]?[u32 length, sub key]?[value]
 */
import { CorruptionError } from '../model/index.ts';
import { isInline } from './base-key.ts';
import { SEAL_BYTES, sealInPlace, unsealBytes } from './sealed-bytes.ts';

const HAS_KEY = 1;
const HAS_SUB = 2;

export interface BaseRecord {
  /** Only where the stored key has a hash in its place. */
  readonly key: Uint8Array | undefined;
  readonly sub: Uint8Array | undefined;
  readonly value: Uint8Array;
}

export function sealRecord(storedUnder: Uint8Array, key: Uint8Array, sub: Uint8Array, value: Uint8Array): Uint8Array {
  const fullKey = isInline(key) ? undefined : key;
  const fullSub = isInline(sub) ? undefined : sub;
  const length = SEAL_BYTES + 1 + pieceBytes(fullKey) + pieceBytes(fullSub) + value.length;
  // One allocation for seal and payload: folds make a record per entry. Every byte is written.
  const record = Buffer.allocUnsafe(length);
  record[SEAL_BYTES] = (fullKey === undefined ? 0 : HAS_KEY) | (fullSub === undefined ? 0 : HAS_SUB);
  const at = writePiece(record, writePiece(record, SEAL_BYTES + 1, fullKey), fullSub);
  record.set(value, at);
  sealInPlace(storedUnder, record);
  return record;
}

/** Views into `sealed`. `CorruptionError` unless the checksum matches. */
export function openRecord(storedUnder: Uint8Array, sealed: Uint8Array, what: string): BaseRecord {
  const payload = unsealBytes(storedUnder, sealed, what);
  const flags = payload[0]!;
  let at = 1;
  const piece = (isPresent: boolean): Uint8Array | undefined => {
    if (!isPresent) return undefined;
    const length = new DataView(payload.buffer, payload.byteOffset + at).getUint32(0, true);
    at += 4 + length;
    return payload.subarray(at - length, at);
  };
  const key = piece((flags & HAS_KEY) !== 0);
  const sub = piece((flags & HAS_SUB) !== 0);
  if (at > payload.length) throw new CorruptionError(`${what} is shorter than it says; the state directory is damaged`);
  return { key, sub, value: payload.subarray(at) };
}

function pieceBytes(piece: Uint8Array | undefined): number {
  return piece === undefined ? 0 : 4 + piece.length;
}

function writePiece(target: Uint8Array, at: number, piece: Uint8Array | undefined): number {
  if (piece === undefined) return at;
  new DataView(target.buffer, target.byteOffset).setUint32(at, piece.length, true);
  target.set(piece, at + 4);
  return at + 4 + piece.length;
}

/**
 * Keys of the base tables, and of table rows.
 *
 *   [node u16][group u16][state u16][key length u16][key][sub key]
 *
 * Numbers are big endian; node and state numbers come from the catalog. The group stands in front of state and key, so
 * that a key group is one range per node: the unit that is restored, and that can move (design decision 12). The key has
 * its length in front, so that the entries of one map are one range and no key is a prefix of another's.
 *
 * LMDB bounds keys. A key over {@link PART_INLINE_BYTES_MAX} is replaced by its SHA-256 (length field 0xffff); a sub key
 * over it by its first bytes and its SHA-256, together one byte longer than any inline one, so that order holds up to
 * ties in those first bytes. The full parts then stand in the record (`base-record.ts`).
 */
import { createHash } from 'node:crypto';
import type { KeyGroup } from '../model/index.ts';

const HEAD_BYTES = 8;
const HASH_BYTES = 32;
const HASHED_KEY = 0xffff;

export const PART_INLINE_BYTES_MAX: number = 900;
/** Sub keys that agree in this many bytes may stand in the base tables in another order than their full bytes. */
export const SUB_ORDERED_BYTES: number = PART_INLINE_BYTES_MAX + 1 - HASH_BYTES;

/** Catalog numbers of a state of a node. */
export interface StatePlace {
  readonly node: number;
  readonly state: number;
}

export function isInline(part: Uint8Array): boolean {
  return part.length <= PART_INLINE_BYTES_MAX;
}

/** Everything but the sub key: what all entries of one map or list begin with. */
export function basePrefix(place: StatePlace, group: KeyGroup, key: Uint8Array): Uint8Array {
  return baseKey(place, group, key, EMPTY);
}

export function baseKey(place: StatePlace, group: KeyGroup, key: Uint8Array, sub: Uint8Array): Uint8Array {
  const keyPart = isInline(key) ? key : sha256(key);
  const subPart = isInline(sub) ? sub : shortenSub(sub);
  // A Buffer, because the store takes nothing else and wrapping costs as much again; every byte is written below.
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + keyPart.length + subPart.length);
  writeU16(bytes, 0, place.node);
  writeU16(bytes, 2, group);
  writeU16(bytes, 4, place.state);
  writeU16(bytes, 6, isInline(key) ? key.length : HASHED_KEY);
  bytes.set(keyPart, HEAD_BYTES);
  bytes.set(subPart, HEAD_BYTES + keyPart.length);
  return bytes;
}

/** A base key taken apart. `key` and `sub` are `undefined` where only their hash is in it. */
export interface BaseKeyParts {
  readonly node: number;
  readonly group: KeyGroup;
  readonly state: number;
  readonly key: Uint8Array | undefined;
  readonly sub: Uint8Array | undefined;
}

export function splitBaseKey(bytes: Uint8Array): BaseKeyParts {
  const length = readU16(bytes, 6);
  const end = HEAD_BYTES + (length === HASHED_KEY ? HASH_BYTES : length);
  const sub = bytes.subarray(end);
  return {
    node: readU16(bytes, 0),
    group: readU16(bytes, 2),
    state: readU16(bytes, 4),
    key: length === HASHED_KEY ? undefined : bytes.subarray(HEAD_BYTES, end),
    sub: isInline(sub) ? sub : undefined,
  };
}

/** `[node u16][group u16]`: key of the `groups` space, and prefix of a group in `state`. */
export function groupKey(node: number, group: KeyGroup): Uint8Array {
  const bytes = new Uint8Array(4);
  writeU16(bytes, 0, node);
  writeU16(bytes, 2, group);
  return bytes;
}

/** `[name length u16][name][key, or its shortened form]`: rows of the table of that name are one range. */
export function tableRowKey(table: string, key: Uint8Array): Uint8Array {
  const prefix = tablePrefix(table);
  const part = isInline(key) ? key : shortenSub(key);
  const bytes = new Uint8Array(prefix.length + part.length);
  bytes.set(prefix);
  bytes.set(part, prefix.length);
  return bytes;
}

export function tablePrefix(table: string): Uint8Array {
  const name = Buffer.from(table, 'utf8');
  const short = isInline(name) ? name : shortenSub(name);
  const bytes = new Uint8Array(2 + short.length);
  writeU16(bytes, 0, short.length);
  bytes.set(short, 2);
  return bytes;
}

const EMPTY: Uint8Array = new Uint8Array(0);

function shortenSub(sub: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(PART_INLINE_BYTES_MAX + 1);
  bytes.set(sub.subarray(0, SUB_ORDERED_BYTES));
  bytes.set(sha256(sub), SUB_ORDERED_BYTES);
  return bytes;
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value & 0xff;
}

function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/**
 * Keys, their canonical form, their hash, and the key groups they fall into.
 *
 * The hash and the canonical form are part of the state format: changing either makes every state directory unreadable,
 * so `test/model/key.test.ts` pins them.
 */
import { ValueError } from './errors.ts';

/** What `keyBy` may return. Compound keys: join the parts into a string. */
export type Key = string | number | bigint | boolean;

/** Unit in which keyed state is owned, moved and restored (design decision 12; Flink's key groups). */
export type KeyGroup = number;

/** Key groups `first .. last`, both inclusive. */
export interface KeyGroupRange {
  readonly first: KeyGroup;
  readonly last: KeyGroup;
}

/** Checks a key and brings it into canonical form: -0 becomes 0 (all NaN are one key by `Map` semantics already). */
export function canonicalKey(key: unknown): Key {
  switch (typeof key) {
    case 'string':
    case 'bigint':
    case 'boolean':
      return key;
    case 'number':
      return key === 0 ? 0 : key;
    default:
      throw new ValueError(
        `a key must be a string, number, bigint or boolean, not ${key === null ? 'null' : typeof key}; filter such records out before keyBy`,
        { code: 'ERR_KEY' },
      );
  }
}

/** 32-bit hash: FNV-1a over UTF-16 code units (or the 8 bytes of a float64), finished with Murmur3's mixer. */
export function hashKey(key: Key): number {
  let hash = 0x811c9dc5;
  if (typeof key === 'string') {
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  } else if (typeof key === 'number') {
    hash = hashNumber(key);
  } else if (typeof key === 'boolean') {
    hash = key ? 0x5bd1e995 : 0x1b873593;
  } else {
    return hashKey(`${key}n`);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export function keyGroupOf(key: Key, keyGroups: number): KeyGroup {
  return hashKey(key) % keyGroups;
}

/** The subtask that owns `group`: Flink's `floor(group * parallelism / keyGroups)`. */
export function ownerOf(group: KeyGroup, parallelism: number, keyGroups: number): number {
  return Math.floor((group * parallelism) / keyGroups);
}

/** The groups subtask `index` of `parallelism` owns; the exact inverse of {@link ownerOf}. */
export function ownedGroups(index: number, parallelism: number, keyGroups: number): KeyGroupRange {
  return {
    first: Math.ceil((index * keyGroups) / parallelism),
    last: Math.floor(((index + 1) * keyGroups - 1) / parallelism),
  };
}

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

function hashNumber(key: number): number {
  if ((key | 0) === key) return Math.imul(0x811c9dc5 ^ key, 0x01000193);
  float[0] = Number.isNaN(key) ? Number.NaN : key;
  return Math.imul(Math.imul(0x811c9dc5 ^ words[0]!, 0x01000193) ^ words[1]!, 0x01000193);
}

/** For each key group of `range` the smallest natural number that falls into it: a key for state that belongs to the group as such. */
export function keysOfGroups({ first, last }: KeyGroupRange, keyGroups: number): readonly Key[] {
  const keys = new Map<KeyGroup, Key>();
  for (let key = 0; keys.size < last - first + 1; key++) {
    const group = keyGroupOf(key, keyGroups);
    if (group >= first && group <= last && !keys.has(group)) keys.set(group, key);
  }
  return [...keys].sort(([a], [b]) => a - b).map(([, key]) => key);
}

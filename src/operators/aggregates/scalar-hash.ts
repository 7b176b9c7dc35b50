/**
 * 53-bit hash of a value, a whole number that a double holds exactly: the upper bits of two 32-bit lanes, mixed as those of
 * MurmurHash3 (Appleby). Values of two types never hash alike on purpose: 1, '1' and true are three values.
 *
 * Part of the state format, as sketches are stored: `test/operators/aggregates/scalar-hash.test.ts` pins it.
 */
import type { Scalar } from './field-value.ts';

export const HASH_BITS = 53;

const LANE_A = 0x239b961b;
const LANE_B = 0xab0e9789;
const TYPE_NUMBER = 1;
const TYPE_STRING = 2;
const TYPE_BIGINT = 3;
const TYPE_BOOLEAN = 4;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

let a = 0;
let b = 0;

/** All NaN are one value, and so are 0 and -0. */
export function hashScalar(value: Scalar): number {
  switch (typeof value) {
    case 'number':
      begin(TYPE_NUMBER);
      float[0] = Number.isNaN(value) ? Number.NaN : value + 0;
      mix(words[0]!);
      mix(words[1]!);
      return finish(8);
    case 'string':
      begin(TYPE_STRING);
      return hashText(value);
    case 'bigint':
      begin(TYPE_BIGINT);
      return hashText(value.toString(36));
    default:
      begin(TYPE_BOOLEAN);
      mix(value ? 1 : 0);
      return finish(1);
  }
}

function hashText(text: string): number {
  const { length } = text;
  let i = 0;
  for (; i + 1 < length; i += 2) mix(text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16));
  if (i < length) mix(text.charCodeAt(i));
  return finish(length);
}

function begin(type: number): void {
  a = type;
  b = ~type;
}

function mix(block: number): void {
  a ^= Math.imul(rotate(Math.imul(block, LANE_A), 15), LANE_B);
  a = (Math.imul((rotate(a, 19) + b) | 0, 5) + 0x561ccd1b) | 0;
  b ^= Math.imul(rotate(Math.imul(block, LANE_B), 17), LANE_A);
  b = (Math.imul((rotate(b, 13) + a) | 0, 5) + 0x0bcaa747) | 0;
}

function finish(length: number): number {
  a ^= length;
  b ^= length;
  a = (a + b) | 0;
  b = (b + a) | 0;
  a = avalanche(a);
  b = avalanche(b);
  a = (a + b) | 0;
  b = (b + a) | 0;
  return (a >>> 0) * 2 ** 21 + (b >>> 11);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function avalanche(word: number): number {
  let hash = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

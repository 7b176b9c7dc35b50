/**
 * How many values differ, in bounded memory: HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007) with the estimator of Ertl
 * ("New cardinality estimation algorithms for HyperLogLog sketches", 2017, algorithm 6), which needs no tables of corrections. The standard
 * error is 1.04 / sqrt(registers) at every size; while few values have come their hashes are kept, and the count is exact.
 *
 * Plain data, changed in place. What it holds is a function of the set of values: neither their order nor the way in which parts
 * of them were merged can be seen in it.
 */
import { HASH_BITS } from './scalar-hash.ts';

export type DistinctSketch = [
  /** Ascending; empty once there are registers. */
  hashes: number[],
  /** The greatest rank seen in each register. */
  registers: Uint8Array | null,
  /** Number of registers of each rank, for an estimate that does not walk over all of them. */
  ranks: number[],
];

export const PRECISION_MIN = 4;
export const PRECISION_MAX = 17;

/** As many hashes take the room of a quarter of the registers of a 2% sketch. */
const HASHES_MAX = 128;

/** Base two logarithm of the number of registers for that error, as far as there are so many. */
export function precisionFor(standardError: number): number {
  const precision = Math.ceil(2 * Math.log2(1.04 / standardError));
  return Math.min(PRECISION_MAX, Math.max(PRECISION_MIN, precision));
}

export function emptyDistinctSketch(): DistinctSketch {
  return [[], null, []];
}

/** Adds a hash of 53 bits in place. */
export function addHash(sketch: DistinctSketch, hash: number, precision: number): void {
  if (sketch[1] === null) {
    if (insert(sketch[0], hash) && sketch[0].length > hashesMax(precision)) toRegisters(sketch, precision);
    return;
  }
  const restSize = 2 ** (HASH_BITS - precision);
  const register = Math.floor(hash / restSize);
  raise(sketch, register, rankOf(hash - register * restSize, precision));
}

/** Adds all that `later` has taken in, in place. Both have the same precision. */
export function mergeDistinctSketches(into: DistinctSketch, later: DistinctSketch, precision: number): void {
  const registers = later[1];
  if (registers === null) {
    for (const hash of later[0]) addHash(into, hash, precision);
    return;
  }
  if (into[1] === null) {
    const hashes = into[0];
    into[0] = [];
    into[1] = registers.slice();
    into[2] = later[2].slice();
    for (const hash of hashes) addHash(into, hash, precision);
    return;
  }
  for (let register = 0; register < registers.length; register++) raise(into, register, registers[register]!);
}

/** A whole number. */
export function estimateDistinct(sketch: DistinctSketch, precision: number): number {
  if (sketch[1] === null) return sketch[0].length;
  const ranks = sketch[2];
  const registers = 2 ** precision;
  const rankMax = HASH_BITS - precision + 1;
  let z = registers * tau(1 - ranks[rankMax]! / registers);
  for (let rank = rankMax - 1; rank >= 1; rank--) z = 0.5 * (z + ranks[rank]!);
  z += registers * sigma(ranks[0]! / registers);
  return Math.round(registers ** 2 / (2 * Math.LN2 * z));
}

function hashesMax(precision: number): number {
  return Math.min(HASHES_MAX, 2 ** precision / 8);
}

/** False when it was there already. */
function insert(hashes: number[], hash: number): boolean {
  let low = 0;
  let high = hashes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (hashes[middle]! < hash) low = middle + 1;
    else high = middle;
  }
  if (hashes[low] === hash) return false;
  hashes.splice(low, 0, hash);
  return true;
}

function toRegisters(sketch: DistinctSketch, precision: number): void {
  const hashes = sketch[0];
  const registers = 2 ** precision;
  sketch[0] = [];
  sketch[1] = new Uint8Array(registers);
  sketch[2] = new Array<number>(HASH_BITS - precision + 2).fill(0);
  sketch[2][0] = registers;
  for (const hash of hashes) addHash(sketch, hash, precision);
}

function raise(sketch: DistinctSketch, register: number, rank: number): void {
  const registers = sketch[1]!;
  const before = registers[register]!;
  if (rank <= before) return;
  registers[register] = rank;
  sketch[2][before]!--;
  sketch[2][rank]!++;
}

/** Position of the first 1 in the bits behind those of the register, from 1; one more than there are bits when all are 0. */
function rankOf(rest: number, precision: number): number {
  const high = Math.floor(rest / 2 ** 32);
  const leadingZeros = high === 0 ? 32 + Math.clz32(rest) : Math.clz32(high);
  return leadingZeros - (64 - (HASH_BITS - precision)) + 1;
}

function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let x = share;
  let y = 1;
  let z = x;
  for (let before = Number.NaN; z !== before; y *= 2) {
    x *= x;
    before = z;
    z += x * y;
  }
  return z;
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let x = share;
  let y = 1;
  let z = 1 - x;
  for (let before = Number.NaN; z !== before; ) {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}

/**
 * A column of numbers: four bytes each where all are integers of 32 bits, else eight.
 *
 * Integers are told apart for the reader's sake: V8 keeps them in the object itself, and gives every other number an object of
 * its own. -0 is none of them.
 */
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

export const INTEGER_BYTES = 4;
export const FLOAT_BYTES = 8;

/** Writes the column behind `out.length`, and returns its bytes per number. `undefined` when some value is not a number. */
export function writeNumberColumn(values: readonly unknown[], count: number, out: ByteWriter): number | undefined {
  out.reserve(count * FLOAT_BYTES);
  if (writeIntegers(values, count, out)) return INTEGER_BYTES;
  return writeFloats(values, count, out) ? FLOAT_BYTES : undefined;
}

function writeIntegers(values: readonly unknown[], count: number, out: ByteWriter): boolean {
  const { integers } = out;
  const start = out.length / INTEGER_BYTES;
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== 'number' || (value | 0) !== value || Object.is(value, -0)) return false;
    integers[start + i] = value;
  }
  out.length += count * INTEGER_BYTES;
  return true;
}

function writeFloats(values: readonly unknown[], count: number, out: ByteWriter): boolean {
  const { floats } = out;
  const start = out.length / FLOAT_BYTES;
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== 'number') return false;
    floats[start + i] = value;
  }
  out.length += count * FLOAT_BYTES;
  return true;
}

/** Reads `count` numbers from `from.at` on, which stays. */
export function readNumberColumn(from: ByteReader, count: number, numberBytes: number): number[] {
  return numberBytes === INTEGER_BYTES ? readIntegers(from, count) : readFloats(from, count);
}

function readIntegers(from: ByteReader, count: number): number[] {
  const { integers } = from;
  const start = from.at / INTEGER_BYTES;
  const values = new Array<number>(count);
  for (let i = 0; i < count; i++) values[i] = integers[start + i]!;
  return values;
}

function readFloats(from: ByteReader, count: number): number[] {
  const { floats } = from;
  const start = from.at / FLOAT_BYTES;
  const values = new Array<number>(count);
  for (let i = 0; i < count; i++) values[i] = floats[start + i]!;
  return values;
}

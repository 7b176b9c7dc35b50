import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeValue, encodeValue } from '../../../src/codec/value-codec.ts';
import {
  addHash,
  type DistinctSketch,
  emptyDistinctSketch,
  estimateDistinct,
  mergeDistinctSketches,
  precisionFor,
} from '../../../src/operators/aggregates/distinct-sketch.ts';
import { hashScalar } from '../../../src/operators/aggregates/scalar-hash.ts';

type Make = (i: number) => string | number;

function sketchOf(from: number, to: number, precision: number, make: Make = (i) => i): DistinctSketch {
  const sketch = emptyDistinctSketch();
  for (let i = from; i < to; i++) addHash(sketch, hashScalar(make(i)), precision);
  return sketch;
}

describe('the approximate number of different values', () => {
  it('is exact for few values', () => {
    for (const count of [0, 1, 2, 100, 128]) {
      expect(estimateDistinct(sketchOf(0, count, 12), 12)).toBe(count);
    }
  });

  it.each([
    [0.25, 64],
    [0.05, 40],
    [0.02, 30],
    [0.01, 20],
  ])('keeps a standard error of %d, over sets of many sizes', (standardError, sets) => {
    const precision = precisionFor(standardError);
    for (const size of [300, 3_000, 30_000]) {
      let squares = 0;
      for (let set = 0; set < sets; set++) {
        const estimate = estimateDistinct(sketchOf(set * size, (set + 1) * size, precision), precision);
        squares += ((estimate - size) / size) ** 2;
      }
      // The root mean square of so many errors lies within 1.4 of the standard error, but for one case in thousands.
      expect(Math.sqrt(squares / sets)).toBeLessThan(1.4 * standardError);
    }
  });

  it.each<[string, Make]>([
    ['text', (i) => `user-${i}@example.com`],
    ['fractions', (i) => i / 7],
    ['numbers far apart', (i) => i * 2 ** 32],
  ])('does not depend on the kind of values: %s', (_, make) => {
    const estimate = estimateDistinct(sketchOf(0, 100_000, 12, make), 12);

    expect(Math.abs(estimate - 100_000) / 100_000).toBeLessThan(3 * 0.0163);
  });

  it('counts a value once, however often it comes', () => {
    const sketch = sketchOf(0, 5_000, 12);
    const before = estimateDistinct(sketch, 12);

    for (let i = 0; i < 5_000; i++) addHash(sketch, hashScalar(i), 12);

    expect(estimateDistinct(sketch, 12)).toBe(before);
  });

  it('is the same sketch whatever the order and however it was merged', () => {
    const sizes = fc.tuple(fc.nat(400), fc.nat(400), fc.nat(400));

    fc.assert(
      fc.property(sizes, fc.constantFrom(4, 8, 12), ([a, b, overlap], precision) => {
        const all = sketchOf(0, a + b, precision);
        const left = sketchOf(0, a, precision);
        const right = sketchOf(Math.max(0, a - overlap), a + b, precision);
        const before = structuredClone(right);

        mergeDistinctSketches(left, right, precision);

        expect(left).toEqual(all);
        expect(right).toEqual(before);
        mergeDistinctSketches(right, sketchOf(0, a, precision), precision);
        expect(right).toEqual(all);
      }),
      { numRuns: 60 },
    );
  });

  it.each([50, 5_000])('is stored and read again with %d values, and goes on', (size) => {
    const restored = decodeValue(encodeValue(sketchOf(0, size, 12))) as DistinctSketch;

    for (let i = size; i < 2 * size; i++) addHash(restored, hashScalar(i), 12);

    expect(restored[0]).toEqual(sketchOf(0, 2 * size, 12)[0]);
    expect(estimateDistinct(restored, 12)).toBe(estimateDistinct(sketchOf(0, 2 * size, 12), 12));
  });

  it('takes 4 kB with the default error', () => {
    expect(encodeValue(sketchOf(0, 100_000, precisionFor(0.02))).length).toBeLessThan(4_400);
  });

  it('has as many registers as the error needs', () => {
    expect([0.25, 0.1, 0.02, 0.0163, 0.01, 0.003].map(precisionFor)).toEqual([5, 7, 12, 12, 14, 17]);
  });
});

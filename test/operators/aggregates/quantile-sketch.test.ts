import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeValue, encodeValue } from '../../../src/codec/value-codec.ts';
import {
  addToQuantiles,
  emptyQuantileSketch,
  mergeQuantiles,
  type QuantileSketch,
  quantileOf,
  quantileScale,
} from '../../../src/operators/aggregates/quantile-sketch.ts';

const QS = [0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1];

function sketchOf(values: readonly number[], relativeError: number): QuantileSketch {
  const scale = quantileScale(relativeError);
  const sketch = emptyQuantileSketch();
  for (const value of values) addToQuantiles(sketch, value, scale);
  return sketch;
}

/** `value` at its place among all, within the error: nothing is said of the number of bins or of other values. */
function expectQuantiles(sketch: QuantileSketch, values: readonly number[], relativeError: number): void {
  const sorted = values.toSorted((a, b) => a - b);
  for (const q of QS) {
    const exact = sorted[Math.floor(q * (sorted.length - 1))]!;
    const found = quantileOf(sketch, q, quantileScale(relativeError))!;
    expect(Math.abs(found - exact), `q ${q}: ${found} for ${exact}`).toBeLessThanOrEqual(
      Math.abs(exact) * relativeError * (1 + 1e-9),
    );
  }
}

/** Mulberry32: the same numbers in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const DISTRIBUTIONS: readonly (readonly [string, (next: () => number) => number])[] = [
  ['uniform', (next) => next() * 1000],
  ['exponential', (next) => -Math.log(1 - next()) * 50],
  ['a heavy tail', (next) => (1 - next()) ** -2],
  ['around zero', (next) => Math.round((next() - 0.5) * 400)],
  ['negative', (next) => -Math.exp(next() * 20)],
  ['nearly constant', (next) => 1e12 + next()],
  ['two places far apart', (next) => (next() < 0.5 ? 1e-6 : 1e6)],
];

describe('quantiles', () => {
  it.each(DISTRIBUTIONS)('are within the relative error: %s', (_, draw) => {
    const next = random(7);
    const values = Array.from({ length: 20_000 }, () => draw(next));

    for (const relativeError of [0.001, 0.01, 0.1]) {
      expectQuantiles(sketchOf(values, relativeError), values, relativeError);
    }
  });

  it('are within the relative error for any numbers, merged or not', () => {
    // Magnitudes within the 16 decades that a sketch tells apart.
    const number = fc
      .tuple(fc.double({ min: -7, max: 8, noNaN: true }), fc.constantFrom(-1, 0, 1))
      .map(([decade, sign]) => sign * 10 ** decade);
    const numbers = fc.array(number, { maxLength: 40 });

    fc.assert(
      fc.property(numbers, numbers, fc.constantFrom(0.002, 0.02, 0.25), (a, b, relativeError) => {
        fc.pre(a.length + b.length > 0);
        const merged = sketchOf(a, relativeError);
        mergeQuantiles(merged, sketchOf(b, relativeError), quantileScale(relativeError));

        expectQuantiles(merged, [...a, ...b], relativeError);
      }),
    );
  });

  it('come from the same sketch whatever the order and however it was merged, far beyond its range too', () => {
    const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -5, max: 5 }));
    const numbers = fc.array(number, { maxLength: 30 });

    fc.assert(
      fc.property(numbers, numbers, numbers, (a, b, c) => {
        const scale = quantileScale(0.05);
        const all = sketchOf([...a, ...b, ...c], 0.05);
        const right = sketchOf(b, 0.05);
        const before = structuredClone(right);
        mergeQuantiles(right, sketchOf(c, 0.05), scale);
        const left = sketchOf(a, 0.05);
        mergeQuantiles(left, right, scale);
        const reversed = sketchOf([...c, ...b, ...a].reverse(), 0.05);

        expect(left.slice(0, 4)).toEqual(all.slice(0, 4));
        expect(binsOf(left)).toEqual(binsOf(all));
        expect(binsOf(reversed)).toEqual(binsOf(all));
        const later = sketchOf(b, 0.05);
        mergeQuantiles(sketchOf(a, 0.05), later, scale);
        expect(later).toEqual(before);
      }),
    );
  });

  it('are exact for the smallest and the largest value, and null without any', () => {
    const sketch = sketchOf([3.3, -7.7, 123.456], 0.25);

    expect([quantileOf(sketch, 0, quantileScale(0.25)), quantileOf(sketch, 1, quantileScale(0.25))]).toEqual([
      -7.7, 123.456,
    ]);
    expect(quantileOf(emptyQuantileSketch(), 0.5, quantileScale(0.25))).toBeNull();
  });

  it('stay finite at the ends of what a double holds', () => {
    const values = [Number.MIN_VALUE, Number.MAX_VALUE, -Number.MAX_VALUE, 0];
    const sketch = sketchOf(values, 0.01);

    for (const q of QS) expect(Number.isFinite(quantileOf(sketch, q, quantileScale(0.01)))).toBe(true);
  });

  it('are kept in a bounded number of bins', () => {
    const next = random(3);
    const sketch = sketchOf(
      Array.from({ length: 20_000 }, () => (next() - 0.5) * 10 ** (next() * 600 - 300)),
      0.01,
    );

    const { binsMax } = quantileScale(0.01);
    expect(binsMax).toBe(1843);
    expect(sketch[4][1].length).toBeLessThanOrEqual(binsMax);
    expect(sketch[5][1].length).toBeLessThanOrEqual(binsMax);
  });

  it('go on from a sketch that was stored and read again', () => {
    const values = Array.from({ length: 1_000 }, (_, i) => i - 300);
    const restored = decodeValue(encodeValue(sketchOf(values.slice(0, 500), 0.01))) as QuantileSketch;

    for (const value of values.slice(500)) addToQuantiles(restored, value, quantileScale(0.01));

    expect(restored).toEqual(sketchOf(values, 0.01));
  });
});

/** Without the number that an empty list of bins begins with, which says nothing. */
function binsOf(sketch: QuantileSketch): unknown {
  return [sketch[4], sketch[5]].map(([first, counts]) => (counts.length === 0 ? [] : [first, counts]));
}

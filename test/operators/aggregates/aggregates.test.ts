import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Aggregator, aggregates } from '../../../src/operators/index.ts';

function fold<Result>(aggregator: Aggregator<number, unknown, Result>, values: readonly number[]): Result {
  return aggregator.result(values.reduce((acc, value) => aggregator.add(acc, value), aggregator.create()));
}

const self = (value: number): number => value;

describe('sum and mean', () => {
  it('do not lose small values beside a large one (Neumaier)', () => {
    expect(fold(aggregates.sum(self), [1, 1e100, 1, -1e100])).toBe(2);
    expect(fold(aggregates.mean(self), [1, 1e100, 1, -1e100])).toBe(0.5);
  });

  it('add a tenth ten million times without drift', () => {
    const sum = aggregates.sum(self);
    let accumulator = sum.create();

    for (let i = 0; i < 10_000_000; i++) accumulator = sum.add(accumulator, 0.1);

    expect(sum.result(accumulator)).toBe(1_000_000);
  });

  it('are within one rounding of the exact sum', () => {
    // Multiples of 2^-20 below 2^30 are exact in a double, and their exact sum is a BigInt.
    const value = fc.bigInt({ min: -(2n ** 50n), max: 2n ** 50n });

    fc.assert(
      fc.property(fc.array(value, { maxLength: 200 }), (scaled) => {
        const exact = scaled.reduce((a, b) => a + b, 0n);

        const sum = fold(
          aggregates.sum(self),
          scaled.map((n) => Number(n) / 2 ** 20),
        );

        if (scaled.length > 0) expect(sum).toBe(Number(exact) / 2 ** 20);
      }),
    );
  });

  it('stay infinite instead of becoming NaN', () => {
    expect(fold(aggregates.sum(self), [1, Number.POSITIVE_INFINITY, 2])).toBe(Number.POSITIVE_INFINITY);
    expect(fold(aggregates.mean(self), [1, Number.NEGATIVE_INFINITY, 2])).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe('min and max', () => {
  it('take the smallest and the largest value, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1 }), (values) => {
        expect(fold(aggregates.min(self), values)).toBe(Math.min(...values) + 0);
        expect(fold(aggregates.max(self), values)).toBe(Math.max(...values) + 0);
      }),
      { examples: [[[-0]], [[0, -0]], [[Number.NEGATIVE_INFINITY, 1]]] },
    );
  });
});

describe('a missing value', () => {
  it('is passed over by all but count, and nothing but missing values is null', () => {
    const missing = [null, undefined] as never[];

    expect(fold(aggregates.count(), missing)).toBe(2);
    for (const aggregate of [aggregates.sum, aggregates.min, aggregates.max, aggregates.mean]) {
      expect(fold(aggregate(self), missing)).toBeNull();
      expect(fold(aggregate(self), [...missing, 3])).toBe(3);
    }
  });
});

describe('a value that is no number', () => {
  it.each([
    ['"x"', 'x'],
    ['NaN', Number.NaN],
    ['bigint', 1n],
    ['boolean', true],
    ['object', {}],
  ])('is refused: %s', (shown, value) => {
    for (const name of ['sum', 'min', 'max', 'mean'] as const) {
      expect(() => fold(aggregates[name](self), [value as never])).toThrow(`${name} takes numbers`);
      expect(() => fold(aggregates[name](self), [value as never])).toThrow(`not ${shown}`);
    }
  });
});

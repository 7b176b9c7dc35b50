import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../src/model/index.ts';
import { type Aggregator, aggregates } from '../../../src/operators/index.ts';

function fold<Result>(aggregator: Aggregator<number, unknown, Result>, values: readonly number[]): Result {
  return aggregator.result(values.reduce((acc, value) => aggregator.add(acc, value, Number.NaN), aggregator.create()));
}

const self = (value: number): number => value;

const NUMERIC: readonly Aggregator<number, unknown, number | null>[] = [
  aggregates.sum(self),
  aggregates.min(self),
  aggregates.max(self),
  aggregates.mean(self),
];

describe('sum and mean', () => {
  it('do not lose small values beside a large one (Neumaier)', () => {
    expect(fold(aggregates.sum(self), [1, 1e100, 1, -1e100])).toBe(2);
    expect(fold(aggregates.mean(self), [1, 1e100, 1, -1e100])).toBe(0.5);
  });

  it('add a tenth ten million times without drift', () => {
    const sum = aggregates.sum(self);
    let accumulator = sum.create();

    for (let i = 0; i < 10_000_000; i++) accumulator = sum.add(accumulator, 0.1, Number.NaN);

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
    for (const aggregate of NUMERIC) {
      expect(fold(aggregate, missing)).toBeNull();
      expect(fold(aggregate, [...missing, 3])).toBe(3);
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
    for (const [name, aggregate] of Object.entries({ sum: aggregates.sum(self), mean: aggregates.mean(self) })) {
      expect(() => fold(aggregate, [value as never])).toThrow(`${name} takes numbers`);
      expect(() => fold(aggregate, [value as never])).toThrow(`not ${shown}`);
    }
  });
});

describe('variance and stddev', () => {
  it('are to the bit the same for whole numbers, in whatever order they come and are merged', () => {
    const variance = aggregates.variance(self);
    const numbers = fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 }), { minLength: 2, maxLength: 30 });

    fc.assert(
      fc.property(numbers, fc.nat(30), (values, cut) => {
        const part = (some: readonly number[]): unknown =>
          some.reduce((acc, value) => variance.add(acc as never, value, 0), variance.create());
        const merged = variance.merge!(part(values.slice(cut)) as never, part(values.slice(0, cut)) as never);

        expect(fold(variance, values.toSorted())).toBe(fold(variance, values));
        expect(variance.result(merged)).toBe(fold(variance, values));
      }),
    );
  });

  it('keep their digits where the mean is far larger than the deviations', () => {
    const base = 1_780_000_000_000;

    expect(fold(aggregates.variance(self, { of: 'population' }), [base + 1, base + 2, base + 3, base + 4])).toBe(1.25);
    expect(fold(aggregates.stddev(self), [base + 0.5, base + 0.5])).toBe(0);
    expect(fold(aggregates.variance(self), [0.1, 0.2, 0.3])).toBeCloseTo(0.01, 15);
  });

  it('are null for a sample of one value, and 0 for a population of one', () => {
    expect(fold(aggregates.variance(self), [7])).toBeNull();
    expect(fold(aggregates.stddev(self), [7])).toBeNull();
    expect(fold(aggregates.variance(self, { of: 'population' }), [7])).toBe(0);
    expect(fold(aggregates.stddev(self, { of: 'population' }), [2, 4])).toBe(1);
  });

  it('refuse infinities, and are infinite where squares are', () => {
    expect(() => fold(aggregates.variance(self), [Number.POSITIVE_INFINITY])).toThrow(
      'variance takes finite numbers (null and undefined are passed over), not Infinity',
    );
    expect(fold(aggregates.variance(self), [1e200, -1e200])).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('min, max and top of other types than numbers', () => {
  const any = (value: unknown): never => value as never;

  it('compare text, bigints and dates', () => {
    const dates = [new Date(5), new Date(1), new Date(9)];

    expect(fold<unknown>(aggregates.min(any), ['2026-02-01', '2026-01-31'] as never[])).toBe('2026-01-31');
    expect(fold<unknown>(aggregates.max(any), [10n, 9n] as never[])).toBe(10n);
    expect(fold<unknown>(aggregates.max(any), dates as never[])).toEqual(new Date(9));
    expect(fold<unknown>(aggregates.top(any, 2), dates as never[])).toEqual([new Date(9), new Date(5)]);
  });

  it('refuse values of two types, and what has no order', () => {
    expect(() => fold(aggregates.max(any), [1, '2'] as never[])).toThrow(
      'max compares values of one type, and "2" came where there was 1 before',
    );
    for (const value of [Number.NaN, true, {}, new Date(Number.NaN)]) {
      expect(() => fold(aggregates.min(any), [value] as never[])).toThrow(
        'min takes numbers, strings, bigints or dates',
      );
    }
  });
});

describe('a bound', () => {
  it('of collect fails the record beyond it, in a merge too', () => {
    const collect = aggregates.collect(self, { limit: 2 });

    expect(fold(collect, [1, 2])).toEqual([1, 2]);
    expect(() => fold(collect, [1, 2, 3])).toThrow('collect holds 2 values of this key already');
    expect(() => collect.merge!([1], [2, 3])).toThrow('collect holds 2 values of this key already');
  });

  it('of distinct fails the first value beyond it, not one that was there', () => {
    const distinct = aggregates.distinct(self, { limit: 2 });

    expect(fold(distinct, [1, 2, 1, 2])).toBe(2);
    expect(() => fold(distinct, [1, 2, 3])).toThrow('distinct holds 2 values of this key already');
  });
});

describe('distinct', () => {
  it('tells types apart, and has one NaN and one zero', () => {
    const any = (value: unknown): never => value as never;
    const values = [1, '1', 1n, true, 0, -0, Number.NaN, Number.NaN, null, undefined] as never[];

    expect(fold(aggregates.distinct(any), values)).toBe(6);
    expect(fold(aggregates.distinctApproximate(any), values)).toBe(6);
    for (const aggregate of [aggregates.distinct(any), aggregates.distinctApproximate(any)]) {
      expect(() => fold(aggregate, [{}] as never[])).toThrow('takes strings, numbers, bigints and booleans');
    }
  });
});

describe('a wrong argument', () => {
  it.each([
    [() => aggregates.top(self, 0), 'top takes a whole number of values from 1 to 10000, not 0'],
    [() => aggregates.top(self, 1.5), 'not 1.5'],
    [() => aggregates.quantile(self, 99), 'quantile takes numbers from 0 to 1, not 99; 0.99 is 99%'],
    [() => aggregates.quantile(self, Number.NaN), 'not NaN'],
    [() => aggregates.quantiles(self, []), 'quantiles needs at least one number from 0 to 1'],
    [() => aggregates.quantile(self, 0.5, { relativeError: 0 }), 'from 0.001 to 0.25, not 0'],
    [() => aggregates.distinctApproximate(self, { standardError: 0.001 }), 'from 0.003 to 0.25, not 0.001'],
    [() => aggregates.collect(self, { limit: 0 }), 'the limit of collect is a whole number of at least 1, not 0'],
    [() => aggregates.distinct(self, { limit: -1 }), 'the limit of distinct is a whole number of at least 1, not -1'],
  ])('is refused where the job is defined (%#)', (make, message) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(message);
  });
});

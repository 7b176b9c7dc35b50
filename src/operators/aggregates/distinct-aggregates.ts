/** How many different values a field has: exactly, or about. */
import { OperatorError, OptionError } from '../../model/index.ts';
import type { Aggregator } from './aggregator.ts';
import {
  addHash,
  type DistinctSketch,
  emptyDistinctSketch,
  estimateDistinct,
  mergeDistinctSketches,
  precisionFor,
} from './distinct-sketch.ts';
import { type Scalar, toScalar } from './field-value.ts';
import { hashScalar } from './scalar-hash.ts';

export const DISTINCT_LIMIT = 100_000;

export interface DistinctOptions {
  /** Most different values of one key (and window): they are all state. A value beyond it fails. Default 100,000. */
  readonly limit?: number | undefined;
}

/**
 * Number of different values of `field`: strings, numbers, bigints and booleans. 1, '1' and 1n are three values, 0 and -0 one, and so are
 * all NaN.
 *
 * Exact: it keeps each value, with the number of times it came. For many values see {@link distinctApproximate}.
 */
export function distinct<In, V extends Scalar | null | undefined>(
  field: (value: In) => V,
  options: DistinctOptions = {},
): Aggregator<In, Map<Scalar, number>, number> {
  const limit = options.limit ?? DISTINCT_LIMIT;
  if (!Number.isInteger(limit) || limit < 1) {
    throw new OptionError(`the limit of distinct is a whole number of at least 1, not ${limit}`);
  }
  const count = (counts: Map<Scalar, number>, value: Scalar, times: number): void => {
    const before = counts.get(value);
    if (before === undefined && counts.size === limit) {
      throw new OperatorError(
        `distinct holds ${limit} values of this key already; raise its limit, or take distinctApproximate`,
      );
    }
    counts.set(value, (before ?? 0) + times);
  };
  return {
    name: 'distinct',
    create: () => new Map(),
    add(accumulator, record) {
      const value = toScalar('distinct', field(record));
      if (value !== undefined) count(accumulator, value, 1);
      return accumulator;
    },
    merge(accumulator, later) {
      for (const [value, times] of later) count(accumulator, value, times);
      return accumulator;
    },
    retract(accumulator, earliest) {
      for (const [value, times] of earliest) {
        const left = accumulator.get(value)! - times;
        if (left === 0) accumulator.delete(value);
        else accumulator.set(value, left);
      }
      return accumulator;
    },
    result: (accumulator) => accumulator.size,
  };
}

export interface DistinctApproximateOptions {
  /** Share of the result, from 0.003 to 0.25. Default 0.02. Halving it makes the state four times as large. */
  readonly standardError?: number | undefined;
}

/**
 * About the number of different values of `field`, in bounded state: at most 4 kB per key with the standard error of 2% (0.003: 128 kB). Two
 * results in three are within the standard error, 95 in 100 within twice as much; up to 128 different values (fewer with an error above
 * 3%) the result is exact. Of the same types as {@link distinct}.
 *
 * HyperLogLog (Flajolet and others, 2007) with the estimator of Ertl (2017).
 */
export function distinctApproximate<In, V extends Scalar | null | undefined>(
  field: (value: In) => V,
  options: DistinctApproximateOptions = {},
): Aggregator<In, DistinctSketch, number> {
  const standardError = options.standardError ?? 0.02;
  if (!(standardError >= 0.003 && standardError <= 0.25)) {
    throw new OptionError(
      `the standard error of distinctApproximate is a share from 0.003 to 0.25, not ${standardError}`,
    );
  }
  const precision = precisionFor(standardError);
  return {
    name: `distinctApproximate:${precision}`,
    create: emptyDistinctSketch,
    add(accumulator, record) {
      const value = toScalar('distinctApproximate', field(record));
      if (value !== undefined) addHash(accumulator, hashScalar(value), precision);
      return accumulator;
    },
    merge(accumulator, later) {
      mergeDistinctSketches(accumulator, later, precision);
      return accumulator;
    },
    result: (accumulator) => estimateDistinct(accumulator, precision),
  };
}

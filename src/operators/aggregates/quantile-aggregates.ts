/** Medians, percentiles and other quantiles of a field, within a stated error. */
import { OptionError } from '../../model/index.ts';
import type { Aggregator } from './aggregator.ts';
import { type NumberResult, type Numeric, toFinite } from './field-value.ts';
import {
  addToQuantiles,
  emptyQuantileSketch,
  mergeQuantiles,
  type QuantileScale,
  type QuantileSketch,
  quantileOf,
  quantileScale,
} from './quantile-sketch.ts';

export interface QuantileOptions {
  /**
   * Share of the true value, from 0.001 to 0.25. Default 0.01: for a true value of 200 the result is between 198 and 202. The state grows with
   * its inverse: values of 1 to 1,000 need 350 counters at 0.01.
   */
  readonly relativeError?: number | undefined;
}

/**
 * Quantile of `field`: 0.5 is the median, 0.99 the value that 99% are at or below. Of n values in ascending order it is about the one at
 * place `floor(q * (n - 1))`, counted from 0; never further from it than {@link QuantileOptions.relativeError} of its size, whatever the
 * distribution, and exact for the smallest and the largest. (Values 10^16 times smaller than the largest of their sign count as if they
 * were just that small.)
 *
 * DDSketch (Masson, Rim and Lee, VLDB 2019).
 */
export function quantile<In, N extends Numeric>(
  field: (value: In) => N,
  q: number,
  options: QuantileOptions = {},
): Aggregator<In, QuantileSketch, NumberResult<N>> {
  checkQuantiles('quantile', [q]);
  return sketching('quantile', field, options, (sketch, scale) => quantileOf(sketch, q, scale) as NumberResult<N>);
}

/** Several quantiles of `field` from one sketch, in the order of `qs`; `null` while there is no value. See {@link quantile}. */
export function quantiles<In, N extends Numeric>(
  field: (value: In) => N,
  qs: readonly number[],
  options: QuantileOptions = {},
): Aggregator<In, QuantileSketch, N extends number ? number[] : number[] | null> {
  checkQuantiles('quantiles', qs);
  const wanted = [...qs];
  type Result = N extends number ? number[] : number[] | null;
  return sketching(
    'quantiles',
    field,
    options,
    (sketch, scale) => (sketch[0] === 0 ? null : wanted.map((q) => quantileOf(sketch, q, scale))) as Result,
  );
}

/** Both aggregates keep the same, under one name: a job may ask for other quantiles after a restart. */
function sketching<In, Result>(
  aggregate: string,
  field: (value: In) => Numeric,
  options: QuantileOptions,
  result: (sketch: QuantileSketch, scale: QuantileScale) => Result,
): Aggregator<In, QuantileSketch, Result> {
  const relativeError = options.relativeError ?? 0.01;
  if (!(relativeError >= 0.001 && relativeError <= 0.25)) {
    throw new OptionError(`the relative error of ${aggregate} is a share from 0.001 to 0.25, not ${relativeError}`);
  }
  const scale = quantileScale(relativeError);
  return {
    name: `quantiles:${relativeError}`,
    create: emptyQuantileSketch,
    add(accumulator, record) {
      const value = toFinite(aggregate, field(record));
      if (value !== undefined) addToQuantiles(accumulator, value, scale);
      return accumulator;
    },
    merge(accumulator, later) {
      mergeQuantiles(accumulator, later, scale);
      return accumulator;
    },
    result: (accumulator) => result(accumulator, scale),
  };
}

function checkQuantiles(aggregate: string, qs: readonly number[]): void {
  if (qs.length === 0) throw new OptionError(`${aggregate} needs at least one number from 0 to 1`);
  for (const q of qs) {
    if (!(q >= 0 && q <= 1)) throw new OptionError(`${aggregate} takes numbers from 0 to 1, not ${q}; 0.99 is 99%`);
  }
}

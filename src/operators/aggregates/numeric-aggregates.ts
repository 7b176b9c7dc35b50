/**
 * Sums and what is computed from them. None can be retracted: a sum of doubles forgets what a large value has rounded away, and whether
 * a field holds whole numbers only is not known before the last record.
 */
import type { Aggregator } from './aggregator.ts';
import { addToSum, type CompensatedSum, emptySum, mergeSums, totalOf } from './compensated-sum.ts';
import { type NumberResult, type Numeric, toFinite, toNumber } from './field-value.ts';
import { addToMoments, emptyMoments, type Moments, mergeMoments, type VarianceOf, varianceOf } from './moments.ts';

/** Sum of `field`, with compensation for rounding errors. */
export function sum<In, N extends Numeric>(field: (value: In) => N): Aggregator<In, CompensatedSum, NumberResult<N>> {
  return {
    name: 'sum',
    create: emptySum,
    add: (accumulator, value) => addField('sum', accumulator, field(value)),
    merge: mergedSums,
    result: (accumulator) => (accumulator[2] === 0 ? null : totalOf(accumulator)) as NumberResult<N>,
  };
}

/** Arithmetic mean of `field`, from a sum with compensation for rounding errors. */
export function mean<In, N extends Numeric>(field: (value: In) => N): Aggregator<In, CompensatedSum, NumberResult<N>> {
  return {
    name: 'mean',
    create: emptySum,
    add: (accumulator, value) => addField('mean', accumulator, field(value)),
    merge: mergedSums,
    result: (accumulator) => (accumulator[2] === 0 ? null : totalOf(accumulator) / accumulator[2]) as NumberResult<N>,
  };
}

export interface VarianceOptions {
  /** Default 'sample', as `VAR_SAMP` of SQL. */
  readonly of?: VarianceOf | undefined;
}

/**
 * Variance of `field`: of a sample (the default: divided by n - 1, `null` below two values) or of a population (divided by n).
 * Infinities are refused: they have none.
 */
export function variance<In, N extends Numeric>(
  field: (value: In) => N,
  options: VarianceOptions = {},
): Aggregator<In, Moments, number | null> {
  const of = options.of ?? 'sample';
  return {
    name: 'variance',
    create: emptyMoments,
    add: (accumulator, value) => addMoment('variance', accumulator, field(value)),
    merge: mergedMoments,
    result: (accumulator) => varianceOf(accumulator, of),
  };
}

/** Standard deviation of `field`: the square root of the {@link variance}, with the same options. */
export function stddev<In, N extends Numeric>(
  field: (value: In) => N,
  options: VarianceOptions = {},
): Aggregator<In, Moments, number | null> {
  const of = options.of ?? 'sample';
  return {
    name: 'stddev',
    create: emptyMoments,
    add: (accumulator, value) => addMoment('stddev', accumulator, field(value)),
    merge: mergedMoments,
    result(accumulator) {
      const squared = varianceOf(accumulator, of);
      return squared === null ? null : Math.sqrt(squared);
    },
  };
}

function addField(aggregate: string, accumulator: CompensatedSum, value: unknown): CompensatedSum {
  const number = toNumber(aggregate, value);
  if (number !== undefined) addToSum(accumulator, number);
  return accumulator;
}

function mergedSums(accumulator: CompensatedSum, later: CompensatedSum): CompensatedSum {
  mergeSums(accumulator, later);
  return accumulator;
}

function addMoment(aggregate: string, accumulator: Moments, value: unknown): Moments {
  const number = toFinite(aggregate, value);
  if (number !== undefined) addToMoments(accumulator, number);
  return accumulator;
}

function mergedMoments(accumulator: Moments, later: Moments): Moments {
  mergeMoments(accumulator, later);
  return accumulator;
}

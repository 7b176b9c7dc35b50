/**
 * The aggregates that come with Millrace. They follow SQL: `null` and `undefined` are passed over by all but `count`,
 * which counts records; over no value at all `count` is 0 and the others are `null`. Anything else that is not a number,
 * NaN included, is an error: one NaN would make the running result of its key NaN for ever.
 */
import { OperatorError } from '../../model/index.ts';
import type { Aggregator } from './aggregator.ts';
import { addToSum, type CompensatedSum, emptySum, totalOf } from './compensated-sum.ts';

type Numeric = number | null | undefined;

/** `number` where the field is always a number, `number | null` where it may be missing. */
type NumberResult<N> = N extends number ? number : number | null;

/** Number of records. */
function count(): Aggregator<unknown, number, number> {
  return {
    name: 'count',
    create: () => 0,
    add: (accumulator) => accumulator + 1,
    result: (accumulator) => accumulator,
  };
}

/** Sum of `field`, with compensation for rounding errors. */
function sum<In, N extends Numeric>(field: (value: In) => N): Aggregator<In, CompensatedSum, NumberResult<N>> {
  return {
    name: 'sum',
    create: emptySum,
    add: (accumulator, value) => addField('sum', accumulator, field(value)),
    result: (accumulator) => (accumulator[2] === 0 ? null : totalOf(accumulator)) as NumberResult<N>,
  };
}

/** Arithmetic mean of `field`, from a sum with compensation for rounding errors. */
function mean<In, N extends Numeric>(field: (value: In) => N): Aggregator<In, CompensatedSum, NumberResult<N>> {
  return {
    name: 'mean',
    create: emptySum,
    add: (accumulator, value) => addField('mean', accumulator, field(value)),
    result: (accumulator) => (accumulator[2] === 0 ? null : totalOf(accumulator) / accumulator[2]) as NumberResult<N>,
  };
}

/** Smallest value of `field`. */
function min<In, N extends Numeric>(field: (value: In) => N): Aggregator<In, number | null, NumberResult<N>> {
  return {
    name: 'min',
    create: () => null,
    add(accumulator, value) {
      const candidate = toNumber('min', field(value));
      return candidate === undefined || (accumulator !== null && accumulator <= candidate) ? accumulator : candidate;
    },
    result: (accumulator) => accumulator as NumberResult<N>,
  };
}

/** Largest value of `field`. */
function max<In, N extends Numeric>(field: (value: In) => N): Aggregator<In, number | null, NumberResult<N>> {
  return {
    name: 'max',
    create: () => null,
    add(accumulator, value) {
      const candidate = toNumber('max', field(value));
      return candidate === undefined || (accumulator !== null && accumulator >= candidate) ? accumulator : candidate;
    },
    result: (accumulator) => accumulator as NumberResult<N>,
  };
}

/**
 * An aggregate of your own.
 *
 * @example
 * ```ts
 * const longest = aggregates.custom({
 *   name: 'longest-word',
 *   create: () => '',
 *   add: (longest: string, line: string) => line.split(' ').reduce((a, b) => (b.length > a.length ? b : a), longest),
 *   result: (longest) => longest,
 * });
 * ```
 */
function custom<In, Accumulator, Result>(
  definition: Aggregator<In, Accumulator, Result>,
): Aggregator<In, Accumulator, Result> {
  const { name } = definition;
  return {
    name: `custom:${name}`,
    create: () => definition.create(),
    add(accumulator, value, timestamp) {
      const next = definition.add(accumulator, value, timestamp);
      if (next === undefined) {
        throw new OperatorError(
          `add of the custom aggregate '${name}' returned nothing; it must return the accumulator`,
        );
      }
      return next;
    },
    result: (accumulator) => definition.result(accumulator),
  };
}

/** Aggregates for `aggregate({ field: ... })`. */
export const aggregates: {
  readonly count: typeof count;
  readonly sum: typeof sum;
  readonly min: typeof min;
  readonly max: typeof max;
  readonly mean: typeof mean;
  readonly custom: typeof custom;
} = Object.freeze({ count, sum, min, max, mean, custom });

function addField(aggregate: string, accumulator: CompensatedSum, value: unknown): CompensatedSum {
  const number = toNumber(aggregate, value);
  if (number !== undefined) addToSum(accumulator, number);
  return accumulator;
}

/** `undefined` for a missing value. Adding 0 turns -0 into 0: they are equal, and must not differ in an output. */
function toNumber(aggregate: string, value: unknown): number | undefined {
  if (typeof value === 'number' && !Number.isNaN(value)) return value + 0;
  if (value === null || value === undefined) return undefined;
  const shown =
    typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : Number.isNaN(value) ? 'NaN' : typeof value;
  throw new OperatorError(`${aggregate} takes numbers (null and undefined are passed over), not ${shown}`);
}

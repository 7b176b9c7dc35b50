/**
 * The aggregates that come with Millrace. They follow SQL: `null` and `undefined` are passed over by all but `count`,
 * which counts records; over no value at all `count` and the two `distinct` are 0, `top` and `collect` are empty, and the others `null`.
 */
import type { Aggregator } from './aggregator.ts';
import { collect, first, last } from './arrival-aggregates.ts';
import { custom } from './custom-aggregate.ts';
import { distinct, distinctApproximate } from './distinct-aggregates.ts';
import { max, min } from './extreme-aggregates.ts';
import { mean, stddev, sum, variance } from './numeric-aggregates.ts';
import { quantile, quantiles } from './quantile-aggregates.ts';
import { top } from './top-aggregate.ts';

/** Number of records. */
function count(): Aggregator<unknown, number, number> {
  return {
    name: 'count',
    create: () => 0,
    add: (accumulator) => accumulator + 1,
    merge: (accumulator, later) => accumulator + later,
    retract: (accumulator, earliest) => accumulator - earliest,
    result: (accumulator) => accumulator,
  };
}

/** Aggregates for `aggregate({ field: ... })`. */
export const aggregates: {
  readonly count: typeof count;
  readonly sum: typeof sum;
  readonly min: typeof min;
  readonly max: typeof max;
  readonly mean: typeof mean;
  readonly variance: typeof variance;
  readonly stddev: typeof stddev;
  readonly distinct: typeof distinct;
  readonly distinctApproximate: typeof distinctApproximate;
  readonly first: typeof first;
  readonly last: typeof last;
  readonly top: typeof top;
  readonly quantile: typeof quantile;
  readonly quantiles: typeof quantiles;
  readonly collect: typeof collect;
  readonly custom: typeof custom;
} = Object.freeze({
  count,
  sum,
  min,
  max,
  mean,
  variance,
  stddev,
  distinct,
  distinctApproximate,
  first,
  last,
  top,
  quantile,
  quantiles,
  collect,
  custom,
});

/**
 * The sum of values and the sum of their squares, both in twice the precision of a double: what a variance needs.
 *
 * Rather than running means (Welford 1962): their last bits depend on the order in which values come and parts are merged, also for whole
 * numbers, and one job would give two results in its two modes. The precision makes up for the digits that the difference of the two
 * sums loses where the mean is far larger than the deviations.
 */
import { addToSum, type CompensatedSum, emptySum, mergeSums } from './compensated-sum.ts';

export type Moments = [values: CompensatedSum, squares: CompensatedSum];

export function emptyMoments(): Moments {
  return [emptySum(), emptySum()];
}

/** Adds in place. `value` is finite. */
export function addToMoments(into: Moments, value: number): void {
  addToSum(into[0], value);
  const square = value * value;
  addToSum(into[1], square);
  into[1][1] += productError(value, value, square);
}

/** Adds all that `later` has taken in, in place. */
export function mergeMoments(into: Moments, later: Moments): void {
  mergeSums(into[0], later[0]);
  mergeSums(into[1], later[1]);
}

/** `sample`: divided by n - 1, null below two values. `population`: divided by n, null below one. */
export type VarianceOf = 'sample' | 'population';

export function varianceOf([values, squares]: Moments, of: VarianceOf): number | null {
  const count = values[2];
  const divisor = of === 'sample' ? count - 1 : count;
  if (divisor < 1) return null;
  // Squares that no double holds.
  if (squares[0] === Number.POSITIVE_INFINITY) return squares[0];
  // The square of the sum, divided by the count: a double and what it has rounded away.
  const sum = values[0] + values[1];
  const sumError = values[0] - sum + values[1];
  const product = sum * sum;
  const quotient = product / count;
  const back = quotient * count;
  const remainder = product - back - productError(quotient, count, back) + productError(sum, sum, product);
  const quotientError = (remainder + 2 * sum * sumError) / count;
  const difference = squares[0] - quotient;
  const rounded = difference + quotient;
  const differenceError = squares[0] - rounded - (quotient - (rounded - difference));
  return Math.max(0, difference + (differenceError + squares[1] - quotientError)) / divisor;
}

const SPLITTER = 2 ** 27 + 1;

/** What rounding has taken from `product`, which is `a * b` (Dekker 1971: exact, as long as nothing overflows). */
function productError(a: number, b: number, product: number): number {
  const highA = highHalf(a);
  const highB = highHalf(b);
  const lowA = a - highA;
  const lowB = b - highB;
  return lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB);
}

function highHalf(value: number): number {
  const shifted = SPLITTER * value;
  return shifted - (shifted - value);
}

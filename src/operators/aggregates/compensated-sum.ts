/**
 * Sum of numbers with Neumaier's compensation (Neumaier 1974, the improved Kahan-Babuska sum): the rounding errors of a
 * running sum are kept beside it, so that a million small values behind one large value are not lost.
 *
 * Kept as an array of three numbers: V8 changes them in place without allocating, and they encode to a few bytes.
 */
export type CompensatedSum = [sum: number, compensation: number, count: number];

export function emptySum(): CompensatedSum {
  return [0, 0, 0];
}

/** Adds in place. */
export function addToSum(into: CompensatedSum, value: number): void {
  const sum = into[0];
  const next = sum + value;
  into[0] = next;
  into[1] += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
  into[2]++;
}

/** Adds all that `later` has taken in, in place. */
export function mergeSums(into: CompensatedSum, later: CompensatedSum): void {
  const count = into[2] + later[2];
  addToSum(into, later[0]);
  into[1] += later[1];
  into[2] = count;
}

/** The sum; the plain one where infinities have made the compensation meaningless. */
export function totalOf(sum: CompensatedSum): number {
  return Number.isFinite(sum[0]) ? sum[0] + sum[1] : sum[0];
}

/**
 * Count, mean and sum of squared differences from the mean: what a variance needs, without the cancellation of sums of squares.
 * One value is added after Welford (1962), two parts are merged after Chan, Golub and LeVeque (1979).
 */
export type Moments = [count: number, mean: number, squares: number];

export function emptyMoments(): Moments {
  return [0, 0, 0];
}

/** Adds in place. `value` is finite. */
export function addToMoments(into: Moments, value: number): void {
  into[0]++;
  const delta = value - into[1];
  into[1] += delta / into[0];
  into[2] += delta * (value - into[1]);
}

/** Adds all that `later` has taken in, in place. */
export function mergeMoments(into: Moments, later: Moments): void {
  if (later[0] === 0) return;
  const count = into[0] + later[0];
  const delta = later[1] - into[1];
  const share = later[0] / count;
  into[2] += later[2] + delta * delta * into[0] * share;
  into[1] += delta * share;
  into[0] = count;
}

/** `sample`: divided by n - 1, null below two values. `population`: divided by n, null below one. */
export type VarianceOf = 'sample' | 'population';

export function varianceOf(moments: Moments, of: VarianceOf): number | null {
  const divisor = of === 'sample' ? moments[0] - 1 : moments[0];
  return divisor < 1 ? null : moments[2] / divisor;
}

/** Percentiles at which a distribution is drawn: evenly over its nines (0, ..., 90, ..., 99, ..., 99.9, ...). Pure. */

const STEPS_PER_NINE = 12;

/** From 0 to the last percentile that `count` samples can tell from the maximum; ends with 100. Empty for no sample. */
export function distributionPercentiles(count: number): readonly number[] {
  if (count < 1) return [];
  const steps = Math.floor(Math.log10(count) * STEPS_PER_NINE);
  const inner = Array.from({ length: steps + 1 }, (_, step) => 100 * (1 - 10 ** (-step / STEPS_PER_NINE)));
  return [...inner, 100];
}

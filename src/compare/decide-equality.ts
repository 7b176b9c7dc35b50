/** Whether two outputs are the same, and in which sense. Pure. */
import type { RowDifference } from './row-difference.ts';

/**
 * `every row`: the same lines, each as often. `last row of each key`: the same keys, each with as many rows and the same last
 * one; rows in between differ, as they do where inputs of one key met in another order and each input gives a row.
 */
export type EqualityLevel = 'every row' | 'last row of each key' | 'different';

/** From the strongest to the weakest. */
const LEVELS: readonly EqualityLevel[] = ['every row', 'last row of each key', 'different'];

/** `difference`: `undefined` where the digests of the lines agree. */
export function decideEquality(difference: RowDifference | undefined): EqualityLevel {
  if (difference === undefined || difference.onlyInReference + difference.onlyInOther === 0) return 'every row';
  return difference.isKeyed && difference.keysDiffering === 0 ? 'last row of each key' : 'different';
}

/** What holds of all of them. */
export function weakestLevel(levels: readonly EqualityLevel[]): EqualityLevel {
  return LEVELS[Math.max(0, ...levels.map((level) => LEVELS.indexOf(level)))]!;
}

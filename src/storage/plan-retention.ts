/**
 * Which manifests and deltas are no longer needed. Pure.
 *
 * Kept are the newest `retainEpochs` manifests, and every delta that is not in the base tables. Anything filed under an
 * epoch that was never committed is a leftover and goes as well.
 */
import type { Epoch } from '../model/index.ts';

export interface RetentionFacts {
  /** The latest committed epoch. */
  readonly latest: Epoch;
  /** The epoch this transaction is about to write, if any. */
  readonly committing: Epoch | undefined;
  readonly foldedThrough: Epoch;
  readonly retainEpochs: number;
}

export interface RetentionPlan {
  /** Manifests below this epoch go. */
  readonly manifestsBelow: Epoch;
  /** Deltas up to and including this epoch go. */
  readonly deltasThrough: Epoch;
  /** Whatever belongs to an epoch above this one goes, before the epoch being committed is written. */
  readonly leftoversAbove: Epoch;
}

export function planRetention(facts: RetentionFacts): RetentionPlan {
  return {
    manifestsBelow: Math.max(1, (facts.committing ?? facts.latest) - facts.retainEpochs + 1),
    deltasThrough: facts.foldedThrough,
    leftoversAbove: facts.latest,
  };
}

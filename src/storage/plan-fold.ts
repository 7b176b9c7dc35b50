/**
 * Which deltas to fold into the base tables now. Pure.
 *
 * Base never goes beyond the oldest epoch that retention keeps (I6), and a fold that was begun is finished first: part of
 * it may be in the base tables already, and folding the same deltas again changes nothing.
 */
import type { Epoch } from '../model/index.ts';

export interface UnfoldedEpoch {
  readonly epoch: Epoch;
  /** That its entries take in memory. */
  readonly bytes: number;
}

export interface FoldFacts {
  readonly foldedThrough: Epoch;
  /** Where an interrupted fold was going. */
  readonly target: Epoch | undefined;
  readonly latest: Epoch;
  /** Epochs behind `foldedThrough`, ascending, without gaps, up to `latest`. */
  readonly unfolded: readonly UnfoldedEpoch[];
}

export interface FoldPolicy {
  /** Newest manifests that must stay restorable; at least 1. */
  readonly retainEpochs: number;
  /** Fold when so many epochs may be folded: entries that change in each epoch are then written once. */
  readonly foldEveryEpochs: number;
  /** Fold earlier when the entries that may be folded take so much memory; also about the most one fold takes at a time. */
  readonly foldBytes: number;
}

/** The epoch to fold through, or `undefined` when nothing is due. */
export function planFold(facts: FoldFacts, policy: FoldPolicy): Epoch | undefined {
  if (facts.target !== undefined) return facts.target;
  const allowed = facts.latest - policy.retainEpochs + 1;
  const foldable = facts.unfolded.filter(({ epoch }) => epoch <= allowed);
  if (foldable.length === 0) return undefined;
  const bytes = foldable.reduce((sum, epoch) => sum + epoch.bytes, 0);
  if (foldable.length < policy.foldEveryEpochs && bytes < policy.foldBytes) return undefined;
  return lastWithin(foldable, policy.foldBytes);
}

/** The last of the first epochs that together stay within `bytesMax`; at least the first. */
function lastWithin(epochs: readonly UnfoldedEpoch[], bytesMax: number): Epoch {
  let last = epochs[0]!.epoch;
  let bytes = 0;
  for (const { epoch, bytes: more } of epochs) {
    bytes += more;
    if (bytes > bytesMax) break;
    last = epoch;
  }
  return last;
}

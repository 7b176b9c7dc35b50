/** Defaults and checks of how often deltas are folded and how many epochs are kept. */
import { OptionError } from '../model/index.ts';
import type { FoldPolicy } from './plan-fold.ts';

export interface FoldPolicyOptions {
  /** Newest epochs that stay restorable; default 2, at least 2: the one being relied on and the one before it. */
  readonly retainEpochs?: number | undefined;
  /** Epochs folded together; default 8. More writes less to disk and keeps more changed entries in memory. */
  readonly foldEveryEpochs?: number | undefined;
  /** Memory of unfolded entries that is folded even before; default 64 MiB. */
  readonly foldBytes?: number | undefined;
  /** Memory of unfolded entries at which the owner waits for them to be folded: they are due well before, whatever else is said. Default: no bound. */
  readonly unfoldedBytesMax?: number | undefined;
}

export const FOLD_POLICY_DEFAULTS: FoldPolicy = {
  retainEpochs: 2,
  foldEveryEpochs: 8,
  foldBytes: 64 * 1024 * 1024,
};

/** Room for an epoch that is folded, one that retention keeps, and one that is being made meanwhile: or each would wait for the others. */
const FOLDS_PER_BOUND = 3;

/** Throws `OptionError` naming every value that is out of range. */
export function resolveFoldPolicy(options: FoldPolicyOptions): FoldPolicy {
  const policy: FoldPolicy = {
    retainEpochs: options.retainEpochs ?? FOLD_POLICY_DEFAULTS.retainEpochs,
    foldEveryEpochs: options.foldEveryEpochs ?? FOLD_POLICY_DEFAULTS.foldEveryEpochs,
    foldBytes: Math.min(
      options.foldBytes ?? FOLD_POLICY_DEFAULTS.foldBytes,
      Math.ceil((options.unfoldedBytesMax ?? Number.POSITIVE_INFINITY) / FOLDS_PER_BOUND),
    ),
  };
  const problems = [
    ...atLeast('retainEpochs', policy.retainEpochs, 2),
    ...atLeast('foldEveryEpochs', policy.foldEveryEpochs, 1),
    ...atLeast('foldBytes', policy.foldBytes, 1),
  ];
  if (problems.length > 0) throw new OptionError(problems.join('; '), problems);
  return policy;
}

function atLeast(name: string, value: number, least: number): string[] {
  return Number.isSafeInteger(value) && value >= least
    ? []
    : [`${name} must be a whole number of at least ${least}, not ${value}`];
}

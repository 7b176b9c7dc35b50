/**
 * What a stored plan means beside the newest manifest. Pure; reading and writing it are the ledger's.
 *
 * A plan is of use while its epoch is the one behind the newest manifest. One of an epoch that exists is obsolete: releases that
 * know no plans commit that epoch and leave it lying. One further ahead cannot have been written (I2): then a manifest is lost.
 */
import { type BatchPlan, CorruptionError, type Epoch, IncompatiblePlanError } from '../model/index.ts';
import { formatProblem } from './format-version.ts';

/** The plan that is to be run, if there is one. Throws `CorruptionError` and `IncompatiblePlanError`. */
export function resolvePlan(stored: BatchPlan | undefined, latest: Epoch): BatchPlan | undefined {
  if (stored === undefined || stored.epoch <= latest) return undefined;
  if (stored.epoch > latest + 1) {
    throw new CorruptionError(
      `I2: a batch is planned as epoch ${stored.epoch} where the latest is ${latest}: the state directory is damaged; restore it from a copy, or start in a new directory`,
    );
  }
  const problem = formatProblem(stored.formatVersion);
  if (problem !== undefined) {
    throw new IncompatiblePlanError(
      `the batch of epoch ${stored.epoch} was planned in format ${stored.formatVersion}, ${problem}`,
    );
  }
  return stored;
}

/** Carries out a retention plan, a bounded number of removals at a time, inside somebody's transaction. */

import type { KeyValueWriter, Space } from './key-value-store.ts';
import type { RetentionPlan } from './plan-retention.ts';
import { epochKey, KEY_SPACE_END, KEY_SPACE_START } from './store-key.ts';

/** What does not fit goes with the next transaction, so that none takes long. */
const REMOVALS_MAX = 500;

export function prune(writer: KeyValueWriter, plan: RetentionPlan): void {
  removeRange(writer, 'manifests', KEY_SPACE_START, epochKey(plan.manifestsBelow));
  removeRange(writer, 'deltas', KEY_SPACE_START, epochKey(plan.deltasThrough + 1));
  for (const space of ['manifests', 'deltas', 'dead-letters'] as const) {
    removeRange(writer, space, epochKey(plan.leftoversAbove + 1), KEY_SPACE_END);
  }
}

function removeRange(writer: KeyValueWriter, space: Space, from: Uint8Array, to: Uint8Array): void {
  for (const key of writer.keys(space, from, to, REMOVALS_MAX)) writer.remove(space, key);
}

/**
 * Folds ahead of a planned end of a generation: every delta that is in the base tables by then is one that the subtasks of the next
 * generation need not load before they begin. The generation that runs goes on meanwhile.
 */
import type { CheckpointStore, Clock, DurationMs, Epoch } from '../model/index.ts';

/** Between two slices: commits and commands go first. */
const PAUSE_MS = 1;

/** What is not folded by then is loaded: a great backlog of deltas must not put the end off for ever. */
const MAX_MS = 2000;

export interface FoldAheadOptions {
  readonly store: CheckpointStore;
  readonly clock: Clock;
  /** Newest epochs that are never folded (`state.retainEpochs`). */
  readonly retainEpochs: number;
  /** False: the store is closed, or about to be. */
  isOpen(): boolean;
}

/**
 * Resolves when all is folded that was committed at the call and may be folded, or when there is no more time for it. Rejects when a slice
 * fails; then the store is not usable any more (reliability F7).
 */
export async function foldAhead({ store, clock, retainEpochs, isOpen }: FoldAheadOptions): Promise<void> {
  const through: Epoch = (store.latest()?.epoch ?? 0) - retainEpochs + 1;
  const endAt = clock.monotonic() + MAX_MS;
  while (isOpen() && store.foldedThrough() < through && clock.monotonic() < endAt) {
    store.foldSlice('early');
    await pause(clock, PAUSE_MS);
  }
}

function pause(clock: Clock, forMs: DurationMs): Promise<void> {
  return new Promise((resolve) => clock.schedule(forMs, resolve));
}

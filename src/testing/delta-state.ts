/**
 * Keyed state made of deltas alone, as a restarted subtask has it before anything was folded: the engine's own state over a
 * reader with empty base tables. For the operator harness; nothing is written anywhere.
 */
import type { KeyedState, NodeId, StateDelta } from '../model/index.ts';
import { DeltaReader } from '../storage/delta-reader.ts';
import { LayeredKeyedState } from '../storage/layered-keyed-state.ts';
import type { StateReader } from '../storage/state-reader.ts';
import { SimulatedClock } from './simulated-clock.ts';

/** Key groups of such a state. */
export const DELTA_STATE_KEY_GROUPS = 16;
const CACHE_BYTES = 1 << 20;

/** All deltas belong to `node`; oldest first. */
export function openDeltaState(node: NodeId, deltas: readonly StateDelta[]): KeyedState {
  const epoch = deltas.at(-1)?.epoch ?? 0;
  return new LayeredKeyedState({
    reader: readerOf(deltas),
    node,
    subtask: 0,
    groups: { first: 0, last: DELTA_STATE_KEY_GROUPS - 1 },
    keyGroups: DELTA_STATE_KEY_GROUPS,
    epoch,
    cacheBytes: CACHE_BYTES,
    clock: new SimulatedClock(),
  });
}

function readerOf(deltas: readonly StateDelta[]): StateReader {
  return {
    foldedThrough: () => 0,
    refresh: () => 0,
    place: () => undefined,
    kind: () => undefined,
    read: () => undefined,
    *scan() {},
    *deltas(_node, through) {
      for (const { epoch, bytes } of deltas.toReversed()) {
        if (epoch <= through) yield new DeltaReader(bytes, `the delta of epoch ${epoch}`);
      }
    },
    close() {},
  };
}

/** The keyed state of one operator in one subtask, on whatever medium its reader reads. */
import type { KeyedState } from '../model/index.ts';
import { type KeyedStateOptions, LayeredKeyedState } from './layered-keyed-state.ts';

/**
 * Opens keyed state at `options.epoch`: loads the unfolded deltas of the key groups, reads the base tables on demand.
 * Throws `CorruptionError` when a delta does not match its checksum.
 */
export function createKeyedState(options: KeyedStateOptions): KeyedState {
  return new LayeredKeyedState(options);
}

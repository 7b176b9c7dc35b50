/** State and checkpoints: what the other folders may use of them. */
export { type CrashPoint, STORAGE_CRASH_POINTS } from './crash-points.ts';
export { type CompatibilityDecision, decideCompatibility, type PolicyPair } from './decide-compatibility.ts';
export type { StateEntry } from './export-entries.ts';
export { FOLD_POLICY_DEFAULTS, type FoldPolicyOptions } from './fold-policy.ts';
export { STATE_FORMAT_VERSION } from './format-version.ts';
export { type EpochDetail, inspectState, type StateInspection, type TableRow } from './inspect-state.ts';
export { createKeyedState } from './keyed-state.ts';
export type { KeyedStateOptions } from './layered-keyed-state.ts';
export { MemoryDisk } from './memory-key-value-store.ts';
export {
  type MemoryCheckpointStoreOptions,
  openMemoryCheckpointStore,
  openMemoryStateReader,
} from './memory-state.ts';
export { openStateReader } from './open-state-reader.ts';
export type { StateDescriptor } from './state-descriptor.ts';
export { openStateDirectory, type StateDirectory, type StateDirectoryOptions } from './state-directory.ts';
export { dataPathOf } from './state-paths.ts';
export type { StateReader } from './state-reader.ts';
export type { VerifyReport } from './verify-state.ts';

/**
 * Checkpoints and keyed state without a file: the same code as on LMDB over a {@link MemoryDisk}. For tests, the operator
 * harness and the simulator. Deltas are really encoded and decoded, so a value changed in place by mistake shows.
 *
 * A crash is: drop the store and the states, open new ones on the same disk.
 */
import type { CheckpointStore } from '../model/index.ts';
import type { CrashPoint } from './crash-points.ts';
import { DurableCheckpointStore } from './durable-checkpoint-store.ts';
import { type FoldPolicyOptions, resolveFoldPolicy } from './fold-policy.ts';
import { type MemoryDisk, MemoryKeyValueStore } from './memory-key-value-store.ts';
import { type StateReader, StoredStateReader } from './state-reader.ts';

export interface MemoryCheckpointStoreOptions extends FoldPolicyOptions {
  readonly disk: MemoryDisk;
  readonly job: string;
  readonly keyGroups: number;
  readonly crashPoint?: CrashPoint | undefined;
}

export function openMemoryCheckpointStore(options: MemoryCheckpointStoreOptions): CheckpointStore {
  return new DurableCheckpointStore(new MemoryKeyValueStore(options.disk), {
    job: options.job,
    keyGroups: options.keyGroups,
    policy: resolveFoldPolicy(options),
    crashPoint: options.crashPoint ?? noCrash,
  });
}

/** What a worker would open read-only. */
export function openMemoryStateReader(disk: MemoryDisk): StateReader {
  return new StoredStateReader(new MemoryKeyValueStore(disk));
}

function noCrash(): void {}

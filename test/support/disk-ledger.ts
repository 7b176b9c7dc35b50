import type { BatchPlan, CheckpointManifest } from '../../src/model/index.ts';
import { readLatestManifest, readPlan } from '../../src/storage/ledger.ts';
import { type MemoryDisk, MemoryKeyValueStore } from '../../src/storage/memory-key-value-store.ts';
import { resolvePlan } from '../../src/storage/resolve-plan.ts';

/** What the disk of a simulation says about epochs, as a process that starts on it would find it. */
export function diskLedger(disk: MemoryDisk): {
  readonly latest: CheckpointManifest | undefined;
  readonly planned: BatchPlan | undefined;
} {
  const store = new MemoryKeyValueStore(disk);
  const latest = readLatestManifest(store);
  const planned = resolvePlan(readPlan(store), latest?.epoch ?? 0);
  store.close();
  return { latest, planned };
}

import type { BatchPlan, CheckpointManifest, DeadLetter, Epoch } from '../../src/model/index.ts';
import { readFoldProgress, readLatestManifest, readPlan } from '../../src/storage/ledger.ts';
import { type MemoryDisk, MemoryKeyValueStore } from '../../src/storage/memory-key-value-store.ts';
import { resolvePlan } from '../../src/storage/resolve-plan.ts';
import { scanSpace } from '../../src/storage/scan-space.ts';
import { unsealValue } from '../../src/storage/sealed-bytes.ts';
import { KEY_SPACE_END, KEY_SPACE_START } from '../../src/storage/store-key.ts';

/** What the disk of a simulation says about epochs, as a process that starts on it would find it. */
export function diskLedger(disk: MemoryDisk): {
  readonly latest: CheckpointManifest | undefined;
  readonly planned: BatchPlan | undefined;
  readonly foldedThrough: Epoch;
  readonly deadLetters: readonly DeadLetter[];
} {
  const store = new MemoryKeyValueStore(disk);
  const latest = readLatestManifest(store);
  const planned = resolvePlan(readPlan(store), latest?.epoch ?? 0);
  const { through: foldedThrough } = readFoldProgress(store);
  const letters = scanSpace(store, 'dead-letters', KEY_SPACE_START, KEY_SPACE_END);
  const deadLetters = Array.from(letters, ({ key, value }) => unsealValue(key, value, 'a dead letter') as DeadLetter);
  store.close();
  return { latest, planned, foldedThrough, deadLetters };
}

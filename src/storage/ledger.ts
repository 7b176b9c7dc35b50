/**
 * What a state directory records about itself: the owner's generation, how far deltas are folded, the catalog, the
 * manifests, the batch that is planned next. Each is sealed; each is read here and nowhere else.
 */
import {
  type BatchPlan,
  type CheckpointManifest,
  CorruptionError,
  type Epoch,
  type Generation,
} from '../model/index.ts';
import { Catalog } from './catalog.ts';
import type { KeyValueReader, KeyValueWriter } from './key-value-store.ts';
import { sealValue, unsealValue } from './sealed-bytes.ts';
import { epochKey, epochOfKey, metaKey } from './store-key.ts';

type Getter = Pick<KeyValueReader, 'get'>;

export interface FoldProgress {
  /** Every delta up to this epoch is in the base tables as a whole. */
  readonly through: Epoch;
  /** A fold up to this epoch was begun and is not finished: the base tables may hold part of it. */
  readonly target: Epoch | undefined;
}

export function readGeneration(store: Getter): Generation {
  const sealed = store.get('meta', metaKey('generation'));
  return sealed === undefined ? 0 : (unsealValue(metaKey('generation'), sealed, 'the stored generation') as Generation);
}

export function writeGeneration(writer: KeyValueWriter, generation: Generation): void {
  writer.put('meta', metaKey('generation'), sealValue(metaKey('generation'), generation));
}

export function readFoldProgress(store: Getter): FoldProgress {
  const sealed = store.get('meta', metaKey('fold'));
  if (sealed === undefined) return { through: 0, target: undefined };
  const [through, target] = unsealValue(metaKey('fold'), sealed, 'the fold progress') as [Epoch, Epoch];
  return { through, target: target === 0 ? undefined : target };
}

export function writeFoldProgress(writer: KeyValueWriter, progress: FoldProgress): void {
  const plain = [progress.through, progress.target ?? 0];
  writer.put('meta', metaKey('fold'), sealValue(metaKey('fold'), plain));
}

export function readCatalog(store: Getter): Catalog {
  const sealed = store.get('meta', metaKey('catalog'));
  return sealed === undefined
    ? Catalog.empty()
    : Catalog.fromPlain(unsealValue(metaKey('catalog'), sealed, 'the catalog of states'));
}

export function writeCatalog(writer: KeyValueWriter, catalog: Catalog): void {
  writer.put('meta', metaKey('catalog'), sealValue(metaKey('catalog'), catalog.toPlain()));
}

/** The newest manifest, verified. */
export function readLatestManifest(store: KeyValueReader): CheckpointManifest | undefined {
  const entry = store.last('manifests');
  return entry === undefined ? undefined : openManifest(entry.key, entry.value);
}

export function readManifest(store: Getter, epoch: Epoch): CheckpointManifest | undefined {
  const sealed = store.get('manifests', epochKey(epoch));
  return sealed === undefined ? undefined : openManifest(epochKey(epoch), sealed);
}

export function openManifest(key: Uint8Array, sealed: Uint8Array): CheckpointManifest {
  const epoch = epochOfKey(key);
  const manifest = unsealValue(key, sealed, `the manifest of epoch ${epoch}`) as CheckpointManifest;
  if (manifest.epoch !== epoch) {
    throw new CorruptionError(`the manifest of epoch ${epoch} says it is of epoch ${manifest.epoch}; it is damaged`);
  }
  return manifest;
}

export function writeManifest(writer: KeyValueWriter, manifest: CheckpointManifest): void {
  const key = epochKey(manifest.epoch);
  writer.put('manifests', key, sealValue(key, manifest));
}

/** The one plan that is stored, verified. It may be of an epoch that has been committed since. */
export function readPlan(store: Getter): BatchPlan | undefined {
  const sealed = store.get('meta', metaKey('plan'));
  return sealed === undefined ? undefined : (unsealValue(metaKey('plan'), sealed, 'the plan of a batch') as BatchPlan);
}

/** In place of any other plan: there is one at a time. */
export function writePlan(writer: KeyValueWriter, batch: BatchPlan): void {
  writer.put('meta', metaKey('plan'), sealValue(metaKey('plan'), batch));
}

export function removePlan(writer: KeyValueWriter): void {
  writer.remove('meta', metaKey('plan'));
}

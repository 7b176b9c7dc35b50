/**
 * Writes one epoch, inside its transaction: deltas as they are, table rows, dead letters, the manifest. The plan that the
 * epoch was made of goes. Only bytes: nothing here runs user code. `deltas` are the opened ones of `epoch`, in the same order.
 */

import { readRowBlock } from '../codec/row-block.ts';
import { assert, type SealedEpoch } from '../model/index.ts';
import { tableRowKey } from './base-key.ts';
import { sealRecord } from './base-record.ts';
import type { Catalog } from './catalog.ts';
import type { DeltaReader } from './delta-reader.ts';
import type { KeyValueWriter } from './key-value-store.ts';
import { removePlan, writeCatalog, writeManifest } from './ledger.ts';
import { sealValue } from './sealed-bytes.ts';
import { deadLetterKey, deltaKey } from './store-key.ts';

const NO_KEY: Uint8Array = new Uint8Array(0);

export function applyEpoch(
  writer: KeyValueWriter,
  epoch: SealedEpoch,
  deltas: readonly DeltaReader[],
  catalog: Catalog,
): void {
  applyDeltas(writer, epoch, deltas, catalog);
  for (const rows of epoch.rows) applyRows(writer, rows.table, rows.block);
  epoch.deadLetters.forEach((letter, sequence) => {
    const key = deadLetterKey(epoch.manifest.epoch, sequence);
    writer.put('dead-letters', key, sealValue(key, letter));
  });
  removePlan(writer);
  writeManifest(writer, epoch.manifest);
}

function applyDeltas(
  writer: KeyValueWriter,
  epoch: SealedEpoch,
  deltas: readonly DeltaReader[],
  catalog: Catalog,
): void {
  let isCatalogChanged = false;
  for (const [index, delta] of epoch.deltas.entries()) {
    isCatalogChanged = catalog.ensure(delta.node, deltas[index]!.states) || isCatalogChanged;
    const node = catalog.nodeNumber(delta.node);
    assert(node !== undefined, 'the catalog gives every node a number');
    writer.put('deltas', deltaKey(delta.epoch, node, delta.subtask), delta.bytes);
  }
  if (isCatalogChanged) writeCatalog(writer, catalog);
}

function applyRows(writer: KeyValueWriter, table: string, block: Uint8Array): void {
  readRowBlock(block, (key, value) => {
    const storedUnder = tableRowKey(table, key);
    if (value === undefined) writer.remove('tables', storedUnder);
    else writer.put('tables', storedUnder, sealRecord(storedUnder, NO_KEY, key, value));
  });
}

import { decodeValue } from '../../src/codec/value-codec.ts';
import { tablePrefix } from '../../src/storage/base-key.ts';
import { openRecord } from '../../src/storage/base-record.ts';
import { type MemoryDisk, MemoryKeyValueStore } from '../../src/storage/memory-key-value-store.ts';
import { scanSpace } from '../../src/storage/scan-space.ts';
import { prefixEnd } from '../../src/storage/store-key.ts';

/** What a table sink has left on the disk of a simulation, in the order of keys. */
export function tableRows(disk: MemoryDisk, table: string): readonly unknown[] {
  const store = new MemoryKeyValueStore(disk);
  const prefix = tablePrefix(table);
  const rows = Array.from(scanSpace(store, 'tables', prefix, prefixEnd(prefix)), ({ key, value }) =>
    decodeValue(openRecord(key, value, `a row of table "${table}"`).value),
  );
  store.close();
  return rows;
}

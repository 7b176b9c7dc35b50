/**
 * Count and digest of one key group of the base tables. A checksum on each record cannot see that records are missing;
 * this can (reliability F8). The digest is the exclusive or of the records' checksums, so a write updates it without
 * looking at its neighbours. Kept in the transaction of the writes, hence exact after any crash.
 */
import type { KeyGroup } from '../model/index.ts';
import { groupKey } from './base-key.ts';
import type { KeyValueReader, KeyValueWriter } from './key-value-store.ts';
import { sealBytes, sealedChecksum, unsealBytes } from './sealed-bytes.ts';

export interface GroupDigest {
  readonly count: number;
  readonly digest: number;
}

export const EMPTY_GROUP: GroupDigest = { count: 0, digest: 0 };

/** The digest after a record (sealed bytes) took the place of another. `undefined`: none. */
export function replaceInDigest(
  group: GroupDigest,
  before: Uint8Array | undefined,
  after: Uint8Array | undefined,
): GroupDigest {
  return {
    count: group.count - (before === undefined ? 0 : 1) + (after === undefined ? 0 : 1),
    digest:
      (group.digest ^
        (before === undefined ? 0 : sealedChecksum(before)) ^
        (after === undefined ? 0 : sealedChecksum(after))) >>>
      0,
  };
}

export function readGroupDigest(store: Pick<KeyValueReader, 'get'>, node: number, group: KeyGroup): GroupDigest {
  const key = groupKey(node, group);
  const sealed = store.get('groups', key);
  return sealed === undefined ? EMPTY_GROUP : decodeGroupDigest(key, sealed);
}

export function decodeGroupDigest(key: Uint8Array, sealed: Uint8Array): GroupDigest {
  const payload = unsealBytes(key, sealed, 'the digest of a key group');
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return { count: view.getFloat64(0, true), digest: view.getUint32(8, true) };
}

export function writeGroupDigest(writer: KeyValueWriter, node: number, group: KeyGroup, digest: GroupDigest): void {
  const key = groupKey(node, group);
  if (digest.count === 0) {
    writer.remove('groups', key);
    return;
  }
  const payload = new Uint8Array(12);
  const view = new DataView(payload.buffer);
  view.setFloat64(0, digest.count, true);
  view.setUint32(8, digest.digest, true);
  writer.put('groups', key, sealBytes(key, payload));
}

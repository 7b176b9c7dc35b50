/** All entries of a range of a space, read in batches, so that no cursor stays open between two of them. */
import type { KeyValueEntry, KeyValueReader, Space } from './key-value-store.ts';
import { keyAfter } from './store-key.ts';

const BATCH = 256;

export function* scanSpace(
  store: Pick<KeyValueReader, 'range'>,
  space: Space,
  from: Uint8Array,
  to: Uint8Array,
): Generator<KeyValueEntry> {
  let next = from;
  for (;;) {
    const batch = store.range(space, next, to, BATCH);
    yield* batch;
    if (batch.length < BATCH) return;
    next = keyAfter(batch[batch.length - 1]!.key);
  }
}

/**
 * All keyed state of the latest epoch, in the order of the base tables: base and unfolded deltas merged as a fold would
 * merge them, without writing anything.
 */
import { decodeKey } from '../codec/key-codec.ts';
import { decodeValue } from '../codec/value-codec.ts';
import { CorruptionError, type Epoch, type Key, type NodeId, type StateKind } from '../model/index.ts';
import { splitBaseKey } from './base-key.ts';
import { openRecord } from './base-record.ts';
import type { Catalog } from './catalog.ts';
import { DeltaReader } from './delta-reader.ts';
import { FoldMerge, type FoldWrite } from './fold-merge.ts';
import type { KeyValueEntry, KeyValueReader } from './key-value-store.ts';
import { scanSpace } from './scan-space.ts';
import { epochKey, KEY_SPACE_END, KEY_SPACE_START } from './store-key.ts';

export interface StateEntry {
  readonly node: NodeId;
  readonly state: string;
  readonly kind: StateKind;
  readonly key: Key;
  /** Key of a map entry, position in a list; `undefined` for a value. */
  readonly at: Key | undefined;
  readonly value: unknown;
}

/** Parts of a list are stored as chunks under their number (see `list-table.ts`), its length under no sub key. */
const LIST_LENGTH_SUB_BYTES = 0;

export function* exportEntries(
  store: Pick<KeyValueReader, 'range'>,
  catalog: Catalog,
  foldedThrough: Epoch,
  latest: Epoch,
): Generator<StateEntry> {
  const unfolded = new FoldMerge();
  for (const { value } of scanSpace(store, 'deltas', epochKey(foldedThrough + 1), epochKey(latest + 1))) {
    unfolded.absorb(new DeltaReader(value, 'a delta'), catalog, Number.POSITIVE_INFINITY);
  }
  const positions = new ListPositions();
  for (const stored of mergeNewer(scanSpace(store, 'state', KEY_SPACE_START, KEY_SPACE_END), writesOf(unfolded))) {
    yield* entriesOf(stored, catalog, positions);
  }
}

/** Two ascending sequences as one; where both have a key the write wins, and a deletion leaves nothing. */
function* mergeNewer(base: Iterator<KeyValueEntry>, writes: Iterator<FoldWrite>): Generator<KeyValueEntry> {
  let stored = base.next();
  let write = writes.next();
  while (stored.done !== true || write.done !== true) {
    const order =
      stored.done === true ? 1 : write.done === true ? -1 : Buffer.compare(stored.value.key, write.value.key);
    if (order < 0) {
      yield stored.value as KeyValueEntry;
    } else {
      const { key, record } = write.value as FoldWrite;
      if (record !== undefined) yield { key, value: record };
      write = writes.next();
    }
    if (order <= 0) stored = base.next();
  }
}

function* writesOf(merge: FoldMerge): Generator<FoldWrite> {
  for (;;) {
    const writes = merge.take(1_000, Number.POSITIVE_INFINITY);
    if (writes.length === 0) return;
    yield* writes;
  }
}

function* entriesOf(stored: KeyValueEntry, catalog: Catalog, positions: ListPositions): Generator<StateEntry> {
  const parts = splitBaseKey(stored.key);
  const node = catalog.node(parts.node);
  const state = catalog.state(parts);
  if (node === undefined || state === undefined) {
    throw new CorruptionError('an entry of the base tables belongs to a state that the catalog does not know');
  }
  const what = `an entry of state "${state.name}" of "${node}"`;
  const record = openRecord(stored.key, stored.value, what);
  const key = decodeKey((parts.key ?? record.key)!);
  const sub = (parts.sub ?? record.sub)!;
  const entry = { node, state: state.name, kind: state.kind, key };
  const value = decodeValue(record.value);
  if (state.kind === 'value') {
    yield { ...entry, at: undefined, value };
  } else if (state.kind === 'map') {
    yield { ...entry, at: decodeKey(sub), value };
  } else if (sub.length === LIST_LENGTH_SUB_BYTES) {
    positions.begin();
  } else {
    for (const item of value as readonly unknown[]) yield { ...entry, at: positions.next(), value: item };
  }
}

/** Counts through the chunks of one list; its length entry comes first and begins the next. */
class ListPositions {
  #next = 0;

  begin(): void {
    this.#next = 0;
  }

  next(): number {
    return this.#next++;
  }
}

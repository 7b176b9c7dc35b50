/**
 * All keyed state of the latest epoch, in the order of the base tables: base and unfolded deltas merged as a fold would
 * merge them, without writing anything.
 */
import { decodeKey } from '../codec/key-codec.ts';
import {
  CorruptionError,
  type Epoch,
  type Key,
  type NodeId,
  type StateKind,
  type TimestampMs,
} from '../model/index.ts';
import { splitBaseKey } from './base-key.ts';
import { openRecord } from './base-record.ts';
import type { Catalog } from './catalog.ts';
import { DeltaReader } from './delta-reader.ts';
import { type Chunk, isExpiringHead } from './expiring-lists.ts';
import { FoldMerge, type FoldWrite } from './fold-merge.ts';
import type { KeyValueEntry, KeyValueReader } from './key-value-store.ts';
import { EXPIRY_STATE } from './layered-keyed-state.ts';
import { scanSpace } from './scan-space.ts';
import { epochKey, KEY_SPACE_END, KEY_SPACE_START } from './store-key.ts';
import { decodeStored } from './stored-value.ts';
import { charactersOf, decodeTimer } from './timer-key.ts';

export interface StateEntry {
  readonly node: NodeId;
  readonly state: string;
  readonly kind: StateKind;
  readonly key: Key;
  /** Key of a map entry, position in a list, time of a timer; `undefined` for a value. */
  readonly at: Key | undefined;
  /** Of a timer: its tag. */
  readonly value: unknown;
  /** When it is removed; `undefined`: it lives for ever. */
  readonly expiresAt: TimestampMs | undefined;
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
  // Not state of the user: what it says stands with the entries it names.
  if (state.name === EXPIRY_STATE) return;
  const record = openRecord(stored.key, stored.value, `an entry of state "${state.name}" of "${node}"`);
  const key = decodeKey((parts.key ?? record.key)!);
  const sub = (parts.sub ?? record.sub)!;
  const { value, life } = decodeStored(record.value);
  const entry = { node, state: state.name, kind: state.kind, key, expiresAt: life?.expiresAt };
  if (state.kind === 'value') {
    yield { ...entry, at: undefined, value };
  } else if (state.kind === 'map') {
    yield { ...entry, at: decodeKey(sub), value };
  } else if (state.kind === 'timers') {
    const timer = decodeTimer(charactersOf(sub));
    yield { ...entry, key: timer.key, at: timer.at, value: timer.tag };
  } else if (sub.length === LIST_LENGTH_SUB_BYTES) {
    positions.begin(value);
  } else {
    for (const element of positions.elements(value)) yield { ...entry, ...element };
  }
}

/** Counts through the chunks of one list; its length entry comes first and begins the next. */
class ListPositions {
  #next = 0;
  #isExpiring = false;

  begin(head: unknown): void {
    this.#next = 0;
    this.#isExpiring = isExpiringHead(head);
  }

  *elements(chunk: unknown): Generator<Pick<StateEntry, 'at' | 'value' | 'expiresAt'>> {
    if (this.#isExpiring) {
      const [, expiries, values] = chunk as Chunk<unknown>;
      for (const [i, value] of values.entries()) yield { at: this.#next++, value, expiresAt: expiries[i] };
    } else {
      for (const value of chunk as readonly unknown[]) yield { at: this.#next++, value, expiresAt: undefined };
    }
  }
}

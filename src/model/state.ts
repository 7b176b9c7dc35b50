/**
 * Keyed state as operators see it, and as the engine snapshots it. Implementations live in `storage`.
 *
 * All handles of one operator act on the *current key*, which the engine sets before each record. A value that `get`
 * returns is live: it may be changed in place, but only a following `set` makes the change part of the next epoch.
 */
import type { Epoch, NodeId, SubtaskIndex } from './ids.ts';
import type { Key } from './key.ts';
import type { DurationMs } from './time.ts';

export type StateKind = 'value' | 'list' | 'map';

export interface ValueState<T> {
  get(): T | undefined;
  set(value: T): void;
  clear(): void;
}

export interface ListState<T> {
  readonly length: number;
  /** In order of appending. */
  values(): Iterable<T>;
  append(value: T): void;
  clear(): void;
}

export interface MapState<V> {
  get(key: Key): V | undefined;
  set(key: Key, value: V): void;
  has(key: Key): boolean;
  delete(key: Key): void;
  /** Deterministic order (ascending by encoded key), in memory or not. */
  entries(): Iterable<readonly [Key, V]>;
  clear(): void;
}

/** Declares states by name. Called in `open`; the same name always means the same kind. */
export interface StateAccess {
  value<T>(name: string): ValueState<T>;
  list<T>(name: string): ListState<T>;
  map<V>(name: string): MapState<V>;
}

/** One subtask's part of one operator's state that changed in one epoch: self-contained, checksummed bytes. */
export interface StateDelta {
  readonly node: NodeId;
  readonly subtask: SubtaskIndex;
  readonly epoch: Epoch;
  /** Number of changed entries in `bytes`. */
  readonly entries: number;
  readonly bytes: Uint8Array;
}

/** The keyed state of one operator in one subtask. */
export interface KeyedState extends StateAccess {
  setCurrentKey(key: Key): void;

  /**
   * Marker `epoch` has arrived: whatever changed until now belongs to it. Takes microseconds whatever the number of
   * changed keys (design decision 3). The previous frozen set must have been taken.
   */
  freeze(epoch: Epoch): void;
  /** Encodes frozen entries for about `budgetMs`; true when nothing frozen is left to encode. */
  encodeFrozen(budgetMs: DurationMs): boolean;
  /** The delta of the frozen epoch, once. `undefined` when nothing had changed. Only after `encodeFrozen` said true. */
  takeDelta(): StateDelta | undefined;
  /** Deltas up to and including `foldedThrough` are in the base tables: their entries may now be evicted from memory. */
  onFolded(foldedThrough: Epoch): void;

  /** Approximate bytes of changed entries not yet frozen: the engine asks for an early epoch when it grows too large. */
  dirtyBytes(): number;
  /** Approximate bytes of everything held in memory, and the number of entries. */
  memory(): { readonly bytes: number; readonly entries: number };
  close(): void;
}

/**
 * Keyed state as operators see it, and as the engine snapshots it. Implementations live in `storage`.
 *
 * All handles of one operator act on the *current key*, which the engine sets before each record. A value that `get`
 * returns is live: it may be changed in place, but only a following `set` makes the change part of the next epoch.
 */
import type { Epoch, NodeId, SubtaskIndex } from './ids.ts';
import type { Key } from './key.ts';
import type { DurationMs, TimeDomain, TimestampMs } from './time.ts';
import type { DueTimer, TimerQueue } from './timer.ts';

/** `timers`: entries in the order of their times, those of all keys of a group together. */
export type StateKind = 'value' | 'list' | 'map' | 'timers';

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

/**
 * Time to live in processing time, of each value, list element or map entry by itself. What has expired is never seen again, and is
 * removed from memory and disk soon after, without a scan.
 */
export interface StateTtl {
  readonly ttlMs: DurationMs;
  /** What begins the time anew. Default 'write'. */
  readonly refresh?: 'write' | 'read' | undefined;
}

/** Declares states by name. Called in `open`; the same name always means the same kind. */
export interface StateAccess {
  value<T>(name: string, ttl?: StateTtl): ValueState<T>;
  list<T>(name: string, ttl?: StateTtl): ListState<T>;
  map<V>(name: string, ttl?: StateTtl): MapState<V>;
  /** The timers of the operator in that domain; they fire by `Operator.onTimer`. */
  timers(domain: TimeDomain): TimerQueue;
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

  /** Wall clock by which values expire, until the next call. Set before each step, and to the time of the plan in a batch. Never falls. */
  setNow(now: TimestampMs): void;
  /** Time of the earliest pending timer; +Infinity where there is none. Cheap: asked between any two records. */
  nextTimerAt(domain: TimeDomain): TimestampMs;
  /**
   * Takes the earliest timer with `at <= upTo` out of its queue and makes its key current; ties in the order of key, then tag. The object is
   * valid until the next call.
   */
  takeDueTimer(domain: TimeDomain, upTo: TimestampMs): DueTimer | undefined;
  /** Removes about `limit` entries that have expired. True while more are due. */
  removeExpired(limit: number): boolean;
  /** When the next entry expires; +Infinity: none has a time to live. May be too early, never too late. */
  nextExpiryAt(): TimestampMs;

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
  /** Approximate bytes of everything held in memory, and the number of entries, those that are known not to exist included. */
  memory(): { readonly bytes: number; readonly entries: number };
  close(): void;
}

/**
 * Keyed state of one operator in one subtask: memory over the base tables (design decision 4). Changed entries, entries
 * of unfolded deltas and cached entries are cells of one lookup, so a hot key costs one `Map.get`; what is not in memory
 * is read from the base tables when it is asked for.
 *
 * It never writes: changes leave as deltas (I5), and what it reads is verified by the reader.
 */
import {
  assert,
  type Clock,
  type DueTimer,
  type DurationMs,
  type Epoch,
  type Key,
  type KeyedState,
  type KeyGroupRange,
  type ListState,
  type MapState,
  type NodeId,
  PlanError,
  type StateDelta,
  type StateKind,
  type StateTtl,
  type SubtaskIndex,
  type TimeDomain,
  type TimerQueue,
  type TimestampMs,
  type ValueState,
} from '../model/index.ts';
import { CellCache } from './cell-cache.ts';
import { ChangeLog } from './change-log.ts';
import type { DeltaReader } from './delta-reader.ts';
import { type ExpiringTable, Lifetimes } from './lifetimes.ts';
import { ListTable } from './list-table.ts';
import { MapTable } from './map-table.ts';
import type { StateReader } from './state-reader.ts';
import { StateScope } from './state-scope.ts';
import type { StateTable } from './state-table.ts';
import { TimerTable } from './timer-table.ts';
import { ValueTable } from './value-table.ts';

export interface KeyedStateOptions {
  /** Shared by all keyed states of a worker; not closed by them. */
  readonly reader: StateReader;
  readonly node: NodeId;
  readonly subtask: SubtaskIndex;
  /** The key groups this subtask owns. Entries of others are never loaded, so any parallelism restores any other. */
  readonly groups: KeyGroupRange;
  /** Key groups of the job. */
  readonly keyGroups: number;
  /** The committed epoch to go on from; 0 in a new directory. */
  readonly epoch: Epoch;
  /** Bound of what is held in memory beyond changed and unfolded entries. */
  readonly cacheBytes: number;
  readonly clock: Clock;
}

/** Names of the states that hold the timers. */
export const TIMER_STATES: Readonly<Record<TimeDomain, string>> = {
  event: 'timers:event',
  processing: 'timers:processing',
};

/** Name of the state that says what expires when. */
export const EXPIRY_STATE = 'timers:expiry';

export class LayeredKeyedState implements KeyedState {
  readonly #options: KeyedStateOptions;
  readonly #cache: CellCache;
  readonly #changes: ChangeLog;
  readonly #scope: StateScope;
  readonly #lifetimes: Lifetimes;
  readonly #expiringTable: (state: string) => ExpiringTable | undefined;
  /** By index. */
  readonly #tables: StateTable[] = [];
  readonly #timers: { event: TimerTable | undefined; processing: TimerTable | undefined };
  /** What expires, if anything does or did. */
  #expiry: TimerTable | undefined;
  #isClosed = false;

  /** Loads the unfolded deltas of its key groups; the base tables are only read on demand. */
  constructor(options: KeyedStateOptions) {
    const { reader, node, subtask, clock, groups, keyGroups, epoch } = options;
    this.#options = options;
    this.#timers = { event: undefined, processing: undefined };
    const folded = reader.refresh();
    assert(folded <= epoch, `I6: the base tables hold epoch ${folded}, "${node}" is to go on from ${epoch}`);
    this.#cache = new CellCache(options.cacheBytes, folded);
    this.#changes = new ChangeLog({
      node,
      subtask,
      clock,
      states: this.#tables,
      onResized: (bytes) => this.#cache.resized(bytes),
    });
    this.#scope = new StateScope({ node, groups, keyGroups, reader, cache: this.#cache, changes: this.#changes });
    this.#lifetimes = new Lifetimes(this.#scope, () => this.#expiryIndex());
    this.#expiringTable = (name) => this.#expiring(name);
    for (const delta of reader.deltas(node, epoch)) this.#restore(delta);
    // Entries may have a life from before, whatever is declared now.
    if (reader.kind(node, EXPIRY_STATE) !== undefined) this.#expiryIndex();
  }

  value<T>(name: string, ttl?: StateTtl): ValueState<T> {
    return this.#lasting(this.#table(name, 'value') as ValueTable<T>, ttl);
  }

  list<T>(name: string, ttl?: StateTtl): ListState<T> {
    return this.#lasting(this.#table(name, 'list') as ListTable<T>, ttl);
  }

  map<V>(name: string, ttl?: StateTtl): MapState<V> {
    return this.#lasting(this.#table(name, 'map') as MapTable<V>, ttl);
  }

  timers(domain: TimeDomain): TimerQueue {
    return this.#timersOf(domain);
  }

  setNow(now: TimestampMs): void {
    this.#lifetimes.now = now;
  }

  nextTimerAt(domain: TimeDomain): TimestampMs {
    return this.#timers[domain]?.nextAt() ?? Number.POSITIVE_INFINITY;
  }

  takeDueTimer(domain: TimeDomain, upTo: TimestampMs): DueTimer | undefined {
    const due = this.#timers[domain]?.takeDue(upTo);
    if (due === undefined) return undefined;
    this.setCurrentKey(due.key);
    return { domain, key: due.key, at: due.at, tag: due.tag };
  }

  removeExpired(limit: number): boolean {
    return this.#expiry !== undefined && this.#lifetimes.removeExpired(limit, this.#expiringTable);
  }

  nextExpiryAt(): TimestampMs {
    return this.#expiry?.nextAt() ?? Number.POSITIVE_INFINITY;
  }

  setCurrentKey(key: Key): void {
    if (this.#cache.isTrimDue) this.#cache.trim();
    this.#scope.key = key;
  }

  freeze(epoch: Epoch): void {
    assert(!this.#isClosed, `the state of "${this.#options.node}" is closed`);
    this.#changes.freeze(epoch);
  }

  encodeFrozen(budgetMs: DurationMs): boolean {
    return this.#changes.encodeFrozen(budgetMs);
  }

  takeDelta(): StateDelta | undefined {
    return this.#changes.takeDelta();
  }

  onFolded(foldedThrough: Epoch): void {
    // Unpinned only as far as this thread's view of the base tables reaches: it may lag behind the announcement.
    const visible = this.#options.reader.refresh();
    for (const table of this.#tables) table.relocate();
    this.#cache.onFolded(Math.min(visible, foldedThrough));
  }

  dirtyBytes(): number {
    return this.#changes.dirtyBytes();
  }

  memory(): { readonly bytes: number; readonly entries: number } {
    return { bytes: this.#cache.bytes, entries: this.#cache.entries };
  }

  close(): void {
    this.#isClosed = true;
  }

  #table(name: string, kind: StateKind): StateTable {
    const known = this.#tables.find((table) => table.name === name);
    if (known !== undefined) return this.#requireKind(known, kind);
    const { reader, node } = this.#options;
    const stored = reader.kind(node, name);
    if (stored !== undefined && stored !== kind) throw otherKind(node, name, stored, kind);
    const table = createTable(kind, name, this.#tables.length, this.#scope, this.#lifetimes);
    this.#tables.push(table);
    if (table instanceof TimerTable) this.#register(table);
    this.#cache.register(table.hand());
    return table;
  }

  #timersOf(domain: TimeDomain): TimerTable {
    return this.#timers[domain] ?? (this.#table(TIMER_STATES[domain], 'timers') as TimerTable);
  }

  #expiryIndex(): TimerTable {
    return this.#expiry ?? (this.#table(EXPIRY_STATE, 'timers') as TimerTable);
  }

  #lasting<S extends ExpiringTable>(table: S, ttl: StateTtl | undefined): S {
    if (ttl === undefined) return table;
    assert(ttl.ttlMs > 0, `the time to live of state "${table.name}" of "${this.#options.node}" is positive`);
    table.ttl = ttl;
    this.#expiryIndex();
    return table;
  }

  #register(table: TimerTable): void {
    if (table.name === EXPIRY_STATE) this.#expiry = table;
    if (table.name === TIMER_STATES.event) this.#timers.event = table;
    if (table.name === TIMER_STATES.processing) this.#timers.processing = table;
  }

  /** A state that is not declared any more is opened to be cleared of what expires. */
  #expiring(name: string): ExpiringTable | undefined {
    const known = this.#tables.find((table) => table.name === name);
    const kind = known?.kind ?? this.#options.reader.kind(this.#options.node, name);
    if (kind === undefined || kind === 'timers') return undefined;
    return (known ?? this.#table(name, kind)) as StateTable & ExpiringTable;
  }

  #requireKind(table: StateTable, kind: StateKind): StateTable {
    if (table.kind !== kind) throw otherKind(this.#options.node, table.name, table.kind, kind);
    return table;
  }

  #restore(delta: DeltaReader): void {
    const tables = delta.states.map((state) => this.#table(state.name, state.kind));
    while (delta.next()) {
      if (!this.#scope.owns(delta.group)) continue;
      const cell = tables[delta.state]!.restore(delta);
      if (cell === undefined) continue;
      cell.pinnedBy = delta.epoch;
      cell.isHot = false;
      this.#cache.count(cell);
    }
  }
}

function createTable(
  kind: StateKind,
  name: string,
  index: number,
  scope: StateScope,
  lifetimes: Lifetimes,
): StateTable {
  switch (kind) {
    case 'value':
      return new ValueTable(name, index, scope, lifetimes);
    case 'list':
      return new ListTable(name, index, scope, lifetimes);
    case 'map':
      return new MapTable(name, index, scope, lifetimes);
    case 'timers':
      return new TimerTable(name, index, scope);
  }
}

function otherKind(node: NodeId, state: string, stored: StateKind, wanted: StateKind): PlanError {
  return new PlanError(
    `state "${state}" of "${node}" is a ${stored} and is now declared as a ${wanted}; give the new state another name`,
    { node },
  );
}

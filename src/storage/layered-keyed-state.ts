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

export class LayeredKeyedState implements KeyedState {
  readonly #options: KeyedStateOptions;
  readonly #cache: CellCache;
  readonly #changes: ChangeLog;
  readonly #scope: StateScope;
  /** By index. */
  readonly #tables: StateTable[] = [];
  readonly #timers: { event: TimerTable | undefined; processing: TimerTable | undefined };
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
    for (const delta of reader.deltas(node, epoch)) this.#restore(delta);
  }

  value<T>(name: string, _ttl?: StateTtl): ValueState<T> {
    return this.#table(name, 'value') as ValueTable<T>;
  }

  list<T>(name: string, _ttl?: StateTtl): ListState<T> {
    return this.#table(name, 'list') as ListTable<T>;
  }

  map<V>(name: string, _ttl?: StateTtl): MapState<V> {
    return this.#table(name, 'map') as MapTable<V>;
  }

  timers(domain: TimeDomain): TimerQueue {
    return this.#timersOf(domain);
  }

  setNow(_now: TimestampMs): void {}

  nextTimerAt(domain: TimeDomain): TimestampMs {
    return this.#timers[domain]?.nextAt() ?? Number.POSITIVE_INFINITY;
  }

  takeDueTimer(domain: TimeDomain, upTo: TimestampMs): DueTimer | undefined {
    const due = this.#timers[domain]?.takeDue(upTo);
    if (due === undefined) return undefined;
    this.setCurrentKey(due.key);
    return { domain, key: due.key, at: due.at, tag: due.tag };
  }

  removeExpired(_limit: number): boolean {
    return false;
  }

  nextExpiryAt(): TimestampMs {
    return Number.POSITIVE_INFINITY;
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
    const table = createTable(kind, name, this.#tables.length, this.#scope);
    this.#tables.push(table);
    if (table instanceof TimerTable) this.#register(table);
    this.#cache.register(table.hand());
    return table;
  }

  #timersOf(domain: TimeDomain): TimerTable {
    return this.#timers[domain] ?? (this.#table(TIMER_STATES[domain], 'timers') as TimerTable);
  }

  #register(table: TimerTable): void {
    if (table.name === TIMER_STATES.event) this.#timers.event = table;
    if (table.name === TIMER_STATES.processing) this.#timers.processing = table;
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

function createTable(kind: StateKind, name: string, index: number, scope: StateScope): StateTable {
  switch (kind) {
    case 'value':
      return new ValueTable(name, index, scope);
    case 'list':
      return new ListTable(name, index, scope);
    case 'map':
      return new MapTable(name, index, scope);
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

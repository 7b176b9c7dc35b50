/** Value state: one cell per key. */
import type { Key, StateTtl, TimestampMs, ValueState } from '../model/index.ts';
import type { StatePlace } from './base-key.ts';
import { ABSENT, type Cell, type SubKey } from './cell.ts';
import type { ChangeLog } from './change-log.ts';
import type { DeltaReader } from './delta-reader.ts';
import type { ExpiringTable, Lifetimes } from './lifetimes.ts';
import { NO_SUB, restoredCell, type StateScope } from './state-scope.ts';
import type { StateTable } from './state-table.ts';

export class ValueTable<T> implements ValueState<T>, StateTable, ExpiringTable {
  readonly kind = 'value';
  readonly name: string;
  readonly index: number;
  ttl: StateTtl | undefined;
  readonly #scope: StateScope;
  readonly #changes: ChangeLog;
  readonly #lifetimes: Lifetimes;
  readonly #cells: Map<Key, Cell> = new Map();
  /** The cell used last: `get` and `set` of one record look it up once. */
  #current: Cell | undefined;
  #place: StatePlace | undefined;

  constructor(name: string, index: number, scope: StateScope, lifetimes: Lifetimes) {
    this.name = name;
    this.index = index;
    this.#scope = scope;
    this.#changes = scope.changes;
    this.#lifetimes = lifetimes;
    this.#place = scope.place(name);
  }

  get(): T | undefined {
    const current = this.#current;
    const cell = current !== undefined && current.key === this.#scope.key ? current : this.#find(true);
    this.#changes.touch(cell);
    if (cell.life !== undefined || this.ttl !== undefined) return this.#getLasting(cell);
    return cell.value === ABSENT ? undefined : (cell.value as T);
  }

  set(value: T): void {
    this.#write(value === undefined ? ABSENT : value);
  }

  clear(): void {
    this.#write(ABSENT);
  }

  relocate(): void {
    this.#place = this.#scope.place(this.name);
  }

  restore(entry: DeltaReader): Cell | undefined {
    const key = entry.decodeKey();
    if (this.#cells.has(key)) return undefined;
    const cell = restoredCell(this, key, undefined, entry);
    this.#cells.set(key, cell);
    return cell;
  }

  encodeSub(_sub: SubKey): Uint8Array {
    return NO_SUB;
  }

  forget(cell: Cell): void {
    this.#cells.delete(cell.key);
    if (this.#current === cell) this.#current = undefined;
  }

  *hand(): Generator<Cell | undefined, never> {
    for (;;) {
      yield* this.#cells.values();
      yield undefined;
    }
  }

  expire(key: Key, _sub: string, indexedAt: TimestampMs): void {
    const cell = this.#cell(key, true);
    this.#changes.touch(cell);
    this.#lifetimes.expire(cell, indexedAt);
  }

  #getLasting(cell: Cell): T | undefined {
    if (!this.#lifetimes.isLive(cell)) return undefined;
    this.#lifetimes.read(cell, this.ttl);
    return cell.value as T;
  }

  #write(value: unknown): void {
    const current = this.#current;
    // What may have a life is looked at before it is written: the index must keep naming it, once.
    const cell =
      current !== undefined && current.key === this.#scope.key ? current : this.#find(this.ttl !== undefined);
    this.#changes.touch(cell);
    cell.value = value;
    this.#changes.changed(cell);
    if (cell.life !== undefined || this.ttl !== undefined) this.#lifetimes.wrote(cell, this.ttl);
  }

  #find(isRead: boolean): Cell {
    const cell = this.#cell(this.#scope.key ?? this.#scope.requireKey(this.name), isRead);
    this.#current = cell;
    return cell;
  }

  /** `isRead`: the stored value is needed. Otherwise a missing cell is made without looking into the base tables. */
  #cell(key: Key, isRead: boolean): Cell {
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      const group = this.#scope.groupOf(key);
      cell = isRead
        ? this.#scope.loadCell(this, this.#place, key, group, undefined)
        : this.#scope.newCell(this, key, group, undefined, this.#place !== undefined);
      this.#cells.set(key, cell);
      this.#scope.cache.add(cell);
    }
    return cell;
  }
}

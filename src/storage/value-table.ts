/** Value state: one cell per key. */
import type { Key, ValueState } from '../model/index.ts';
import type { StatePlace } from './base-key.ts';
import { ABSENT, type Cell, type SubKey } from './cell.ts';
import type { ChangeLog } from './change-log.ts';
import type { DeltaReader } from './delta-reader.ts';
import { NO_SUB, restoredCell, type StateScope } from './state-scope.ts';
import type { StateTable } from './state-table.ts';

export class ValueTable<T> implements ValueState<T>, StateTable {
  readonly kind = 'value';
  readonly name: string;
  readonly index: number;
  readonly #scope: StateScope;
  readonly #changes: ChangeLog;
  readonly #cells: Map<Key, Cell> = new Map();
  /** The cell used last: `get` and `set` of one record look it up once. */
  #current: Cell | undefined;
  #place: StatePlace | undefined;

  constructor(name: string, index: number, scope: StateScope) {
    this.name = name;
    this.index = index;
    this.#scope = scope;
    this.#changes = scope.changes;
    this.#place = scope.place(name);
  }

  get(): T | undefined {
    const current = this.#current;
    const cell = current !== undefined && current.key === this.#scope.key ? current : this.#find(true);
    this.#changes.touch(cell);
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

  #write(value: unknown): void {
    const current = this.#current;
    const cell = current !== undefined && current.key === this.#scope.key ? current : this.#find(false);
    this.#changes.touch(cell);
    cell.value = value;
    this.#changes.changed(cell);
  }

  /** `isRead`: the stored value is needed. Otherwise a missing cell is made without looking into the base tables. */
  #find(isRead: boolean): Cell {
    const key = this.#scope.key ?? this.#scope.requireKey(this.name);
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      const group = this.#scope.groupOf(key);
      cell = isRead
        ? this.#scope.loadCell(this, this.#place, key, group, undefined)
        : this.#scope.newCell(this, key, group, undefined);
      this.#cells.set(key, cell);
      this.#scope.cache.add(cell);
    }
    this.#current = cell;
    return cell;
  }
}

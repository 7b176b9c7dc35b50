/**
 * Cells of a state with several entries per key: key -> sub key -> cell. Shared by list and map state.
 *
 * A key whose last cell is evicted disappears here; what it held is in the base tables.
 */
import type { Key, KeyGroup } from '../model/index.ts';
import type { Cell, SubKey } from './cell.ts';

export class KeyCells {
  readonly key: Key;
  readonly group: KeyGroup;
  readonly cells: Map<SubKey, Cell> = new Map();
  /** Every entry of this key that exists has its cell here: nothing has to be looked for in the base tables. */
  isComplete: boolean;
  /** Grows with every cell added or evicted. */
  version = 0;
  /** Grows with every cell evicted. */
  evictions = 0;

  constructor(key: Key, group: KeyGroup, isComplete: boolean) {
    this.key = key;
    this.group = group;
    this.isComplete = isComplete;
  }
}

export class SubCells {
  readonly #keys: Map<Key, KeyCells> = new Map();
  #current: KeyCells | undefined;

  /** The cells of `key`, if it has any. */
  find(key: Key): KeyCells | undefined {
    const current = this.#current;
    if (current !== undefined && current.key === key) return current;
    const found = this.#keys.get(key);
    if (found !== undefined) this.#current = found;
    return found;
  }

  /** A key must get a cell right after it was added. */
  add(key: Key, group: KeyGroup, isComplete: boolean): KeyCells {
    const added = new KeyCells(key, group, isComplete);
    this.#keys.set(key, added);
    this.#current = added;
    return added;
  }

  remove(cell: Cell): void {
    const owner = this.#keys.get(cell.key);
    if (owner === undefined) return;
    owner.cells.delete(cell.sub);
    owner.isComplete = false;
    owner.version++;
    owner.evictions++;
    if (owner.cells.size > 0) return;
    this.#keys.delete(cell.key);
    if (this.#current === owner) this.#current = undefined;
  }

  *hand(): Generator<Cell | undefined, never> {
    for (;;) {
      for (const owner of this.#keys.values()) yield* owner.cells.values();
      yield undefined;
    }
  }
}

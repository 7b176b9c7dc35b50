/**
 * Cells of a state with several entries per key: key -> sub key -> cell. Shared by list and map state.
 *
 * A key whose last cell is evicted disappears here; what it held is in the base tables.
 */
import type { Key, KeyGroup } from '../model/index.ts';
import { ABSENT, type Cell, type SubKey } from './cell.ts';

/** What one key has. Most have one entry (the window that is open, a timer by its name), and a `Map` for it would cost more than the entry. */
export class KeyCells {
  readonly key: Key;
  readonly group: KeyGroup;
  /** Every entry of this key that exists has its cell here: nothing has to be looked for in the base tables. */
  isComplete: boolean;
  /** Grows with every cell added or evicted. */
  version = 0;
  /** Grows with every cell evicted. */
  evictions = 0;
  /** The only cell. `undefined`: there is none, or there are several. */
  #only: Cell | undefined;
  /** From the second cell on. */
  #several: Map<SubKey, Cell> | undefined;

  constructor(key: Key, group: KeyGroup, isComplete: boolean) {
    this.key = key;
    this.group = group;
    this.isComplete = isComplete;
  }

  get isEmpty(): boolean {
    return this.#only === undefined && (this.#several === undefined || this.#several.size === 0);
  }

  get(sub: SubKey): Cell | undefined {
    const only = this.#only;
    if (only !== undefined) return isSame(only.sub, sub) ? only : undefined;
    return this.#several?.get(sub);
  }

  has(sub: SubKey): boolean {
    return this.get(sub) !== undefined;
  }

  /** In the place of its sub key, which no other cell has. */
  add(cell: Cell): void {
    this.version++;
    if (this.#several !== undefined) {
      this.#several.set(cell.sub, cell);
    } else if (this.#only === undefined) {
      this.#only = cell;
    } else {
      this.#several = new Map([
        [this.#only.sub, this.#only],
        [cell.sub, cell],
      ]);
      this.#only = undefined;
    }
  }

  delete(sub: SubKey): void {
    if (this.#several !== undefined) this.#several.delete(sub);
    else if (this.has(sub)) this.#only = undefined;
  }

  /** In the order in which they came. */
  cells(): Iterable<Cell> {
    if (this.#several !== undefined) return this.#several.values();
    return this.#only === undefined ? [] : [this.#only];
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
    owner.delete(cell.sub);
    // Without the cell of an entry that does not exist everything that does is still here.
    if (cell.value !== ABSENT) owner.isComplete = false;
    owner.version++;
    owner.evictions++;
    if (!owner.isEmpty) return;
    this.#keys.delete(cell.key);
    if (this.#current === owner) this.#current = undefined;
  }

  *hand(): Generator<Cell | undefined, never> {
    for (;;) {
      for (const owner of this.#keys.values()) yield* owner.cells();
      yield undefined;
    }
  }
}

/** As a `Map` has it: NaN is a key too. */
function isSame(a: SubKey, b: SubKey): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

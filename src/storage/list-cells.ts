/**
 * Cells of a list state: for each key one head (no sub key) and numbered chunks of {@link CHUNK_LENGTH} positions. What is in them is the
 * business of `list-table.ts` and `expiring-lists.ts`.
 */
import { CorruptionError, type Key } from '../model/index.ts';
import type { StatePlace } from './base-key.ts';
import type { Cell, CellHome } from './cell.ts';
import type { DeltaReader } from './delta-reader.ts';
import { restoredCell, type StateScope } from './state-scope.ts';
import { SubCells } from './sub-cells.ts';

/** Values per chunk: what one append writes again at most. */
export const CHUNK_LENGTH = 32;

export function chunkOf(position: number): number {
  return Math.floor(position / CHUNK_LENGTH);
}

export class ListCells {
  readonly #home: CellHome;
  readonly #scope: StateScope;
  readonly #keys: SubCells = new SubCells();
  #place: StatePlace | undefined;

  constructor(home: CellHome, scope: StateScope) {
    this.#home = home;
    this.#scope = scope;
    this.#place = scope.place(home.name);
  }

  /** Touched. Any cell got before this call may have been evicted by it, unless it was changed. */
  read(key: Key, sub: number | undefined): Cell {
    return this.#touched(this.#cell(key, sub, true));
  }

  /** As {@link read}, of an entry that does not exist or whose value is of no interest. */
  make(key: Key, sub: number | undefined): Cell {
    return this.#touched(this.#cell(key, sub, false));
  }

  write(key: Key, sub: number | undefined, value: unknown): void {
    const cell = this.make(key, sub);
    cell.value = value;
    this.#scope.changes.changed(cell);
  }

  relocate(): void {
    this.#place = this.#scope.place(this.#home.name);
  }

  restore(entry: DeltaReader): Cell | undefined {
    const { sub } = entry;
    const key = entry.decodeKey();
    const number = sub.length === 0 ? undefined : new DataView(sub.buffer, sub.byteOffset, 4).getUint32(0);
    const owner = this.#keys.find(key) ?? this.#keys.add(key, entry.group, this.#place === undefined);
    if (owner.has(number)) return undefined;
    const cell = restoredCell(this.#home, key, number, entry);
    owner.add(cell);
    return cell;
  }

  forget(cell: Cell): void {
    this.#keys.remove(cell);
  }

  hand(): Iterator<Cell | undefined> {
    return this.#keys.hand();
  }

  #touched(cell: Cell): Cell {
    this.#scope.changes.touch(cell);
    return cell;
  }

  #cell(key: Key, sub: number | undefined, isRead: boolean): Cell {
    let owner = this.#keys.find(key);
    const known = owner?.get(sub);
    if (known !== undefined) return known;
    owner ??= this.#keys.add(key, this.#scope.groupOf(key), this.#place === undefined);
    const cell =
      isRead && !owner.isComplete
        ? this.#scope.loadCell(this.#home, this.#place, key, owner.group, sub)
        : this.#scope.newCell(this.#home, key, owner.group, sub, !owner.isComplete);
    owner.add(cell);
    this.#scope.cache.add(cell);
    return cell;
  }
}

export function missingChunk(state: string, chunk: number): CorruptionError {
  return new CorruptionError(`part ${chunk} of a list in state "${state}" is missing; the state directory is damaged`);
}

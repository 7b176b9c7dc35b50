/**
 * Map state: one cell per entry, so an epoch writes the entries that changed, not the map.
 *
 * `entries` merges what is in memory with a scan of the base tables, both ascending by encoded key; a cell in memory is
 * always the newer one. Sub keys are encoded map keys.
 */
import { decodeKey, encodeKey } from '../codec/key-codec.ts';
import { canonicalKey, type Key, type MapState, type StateTtl, type TimestampMs } from '../model/index.ts';
import type { StatePlace } from './base-key.ts';
import { ABSENT, type Cell, type SubKey } from './cell.ts';
import type { DeltaReader } from './delta-reader.ts';
import type { ExpiringTable, Lifetimes } from './lifetimes.ts';
import type { ScannedEntry } from './state-reader.ts';
import { restoredCell, type StateScope, storedCell } from './state-scope.ts';
import type { StateTable } from './state-table.ts';
import { type KeyCells, SubCells } from './sub-cells.ts';
import { bytesOf } from './timer-key.ts';

interface SortedSub {
  readonly sub: Key;
  readonly bytes: Uint8Array;
}

export class MapTable<V> implements MapState<V>, StateTable, ExpiringTable {
  readonly kind = 'map';
  readonly name: string;
  readonly index: number;
  ttl: StateTtl | undefined;
  readonly #scope: StateScope;
  readonly #lifetimes: Lifetimes;
  readonly #keys: SubCells = new SubCells();
  /** Sorted sub keys of the owner scanned last, while its cells stay the same. */
  #sorted: { readonly owner: KeyCells; readonly version: number; readonly subs: readonly SortedSub[] } | undefined;
  #place: StatePlace | undefined;

  constructor(name: string, index: number, scope: StateScope, lifetimes: Lifetimes) {
    this.name = name;
    this.index = index;
    this.#scope = scope;
    this.#lifetimes = lifetimes;
    this.#place = scope.place(name);
  }

  get(key: Key): V | undefined {
    const cell = this.#read(canonicalKey(key));
    return cell === undefined ? undefined : (cell.value as V);
  }

  has(key: Key): boolean {
    return this.#read(canonicalKey(key)) !== undefined;
  }

  set(key: Key, value: V): void {
    this.#write(canonicalKey(key), value);
  }

  delete(key: Key): void {
    this.#write(canonicalKey(key), ABSENT);
  }

  entries(): Iterable<readonly [Key, V]> {
    return this.#entriesOf(this.#scope.requireKey(this.name));
  }

  clear(): void {
    const key = this.#scope.requireKey(this.name);
    const owner = this.#keys.find(key);
    // Entries that were deleted in this epoch are still in memory: where all are there, the dead ones cost a look, and no place in an order.
    const cells = owner?.isComplete === true ? this.#liveCellsOf(owner) : Array.from(this.#cellsOf(key));
    for (const { sub } of cells) this.#write(sub as Key, ABSENT);
  }

  expire(key: Key, sub: string, indexedAt: TimestampMs): void {
    const cell = this.#cell(key, decodeKey(bytesOf(sub)), true);
    this.#scope.changes.touch(cell);
    this.#lifetimes.expire(cell, indexedAt);
  }

  relocate(): void {
    this.#place = this.#scope.place(this.name);
  }

  restore(entry: DeltaReader): Cell | undefined {
    const key = entry.decodeKey();
    const owner = this.#keys.find(key) ?? this.#keys.add(key, entry.group, this.#place === undefined);
    const decoded = decodeKey(entry.sub);
    if (owner.has(decoded)) return undefined;
    const cell = restoredCell(this, key, decoded, entry);
    owner.add(cell);
    return cell;
  }

  encodeSub(sub: SubKey): Uint8Array {
    return encodeKey(sub as Key);
  }

  forget(cell: Cell): void {
    this.#keys.remove(cell);
  }

  hand(): Iterator<Cell | undefined> {
    return this.#keys.hand();
  }

  *#entriesOf(key: Key): Generator<readonly [Key, V]> {
    for (const cell of this.#cellsOf(key)) {
      this.#lifetimes.read(cell, this.ttl);
      yield [cell.sub as Key, cell.value as V];
    }
  }

  /** In no order. */
  #liveCellsOf(owner: KeyCells): readonly Cell[] {
    const live: Cell[] = [];
    for (const cell of owner.cells()) if (this.#lifetimes.isLive(cell)) live.push(cell);
    return live;
  }

  /** Touched cells of the entries that are there to be seen. */
  *#cellsOf(key: Key): Generator<Cell> {
    let owner = this.#keys.find(key);
    const evictions = owner?.evictions ?? 0;
    const inMemory = owner === undefined ? [] : this.#sortedSubs(owner);
    if (owner?.isComplete === true || this.#place === undefined) {
      for (const { sub } of inMemory) yield* this.#present(key, sub);
      return;
    }
    let next = 0;
    for (const scanned of this.#scope.reader.scan(this.#place, this.#scope.groupOf(key), encodeKey(key))) {
      while (next < inMemory.length && Buffer.compare(inMemory[next]!.bytes, scanned.sub) < 0) {
        yield* this.#present(key, inMemory[next++]!.sub);
      }
      if (next < inMemory.length && Buffer.compare(inMemory[next]!.bytes, scanned.sub) === 0) {
        yield* this.#present(key, inMemory[next++]!.sub);
      } else {
        const sub = this.#keep(key, scanned);
        owner ??= this.#keys.find(key);
        yield* this.#present(key, sub);
      }
    }
    for (; next < inMemory.length; next++) yield* this.#present(key, inMemory[next]!.sub);
    if (owner === undefined || owner !== this.#keys.find(key) || owner.evictions !== evictions) return;
    owner.isComplete = true;
  }

  /** The entry as it is now: it may have been changed, deleted or evicted since the iteration began. */
  *#present(key: Key, sub: Key): Generator<Cell> {
    const cell = this.#cell(key, sub, true);
    this.#scope.changes.touch(cell);
    if (this.#lifetimes.isLive(cell)) yield cell;
  }

  /** Makes a cell of a scanned entry, unless memory has a newer one. */
  #keep(key: Key, scanned: ScannedEntry): Key {
    const sub = decodeKey(scanned.sub);
    const owner = this.#keys.find(key) ?? this.#addKey(key);
    if (!owner.has(sub)) this.#insert(owner, storedCell(this, key, owner.group, sub, scanned.value));
    return sub;
  }

  #sortedSubs(owner: KeyCells): readonly SortedSub[] {
    if (this.#sorted?.owner === owner && this.#sorted.version === owner.version) return this.#sorted.subs;
    const subs = Array.from(owner.cells(), ({ sub }) => ({ sub: sub as Key, bytes: encodeKey(sub as Key) }));
    subs.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
    this.#sorted = { owner, version: owner.version, subs };
    return subs;
  }

  /** The cell of an entry that is there to be seen. */
  #read(sub: Key): Cell | undefined {
    const cell = this.#cell(this.#scope.requireKey(this.name), sub, true);
    this.#scope.changes.touch(cell);
    if (!this.#lifetimes.isLive(cell)) return undefined;
    if (this.ttl !== undefined) this.#lifetimes.read(cell, this.ttl);
    return cell;
  }

  #write(sub: Key, value: unknown): void {
    // What may have a life is looked at before it is written: the index must keep naming it, once.
    const cell = this.#cell(this.#scope.requireKey(this.name), sub, this.ttl !== undefined);
    this.#scope.changes.touch(cell);
    cell.value = value;
    this.#scope.changes.changed(cell);
    if (cell.life !== undefined || this.ttl !== undefined) this.#lifetimes.wrote(cell, this.ttl);
    if (value !== ABSENT) return;
    // To one that is gone hardly anybody comes back.
    cell.isHot = false;
    this.#scope.cache.discard(cell);
  }

  #cell(key: Key, sub: Key, isRead: boolean): Cell {
    const known = this.#keys.find(key);
    const cell = known?.get(sub);
    if (cell !== undefined) return cell;
    const owner = known ?? this.#addKey(key);
    const added =
      isRead && !owner.isComplete
        ? this.#scope.loadCell(this, this.#place, key, owner.group, sub)
        : this.#scope.newCell(this, key, owner.group, sub, !owner.isComplete);
    this.#insert(owner, added);
    return added;
  }

  #addKey(key: Key): KeyCells {
    return this.#keys.add(key, this.#scope.groupOf(key), this.#place === undefined);
  }

  /** The cell is in its place before room is made for it, so that its key cannot disappear meanwhile. */
  #insert(owner: KeyCells, cell: Cell): void {
    owner.add(cell);
    this.#scope.cache.add(cell);
  }
}

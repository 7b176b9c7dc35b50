/**
 * List state: a length, and chunks of {@link CHUNK_LENGTH} values. Appending changes the length and the last chunk only,
 * so an epoch writes what was appended, not the list.
 *
 * Sub keys: none for the length, the chunk's number (u32, big endian) for a chunk.
 */
import { assert, CorruptionError, type Key, type ListState } from '../model/index.ts';
import type { StatePlace } from './base-key.ts';
import { ABSENT, type Cell, type SubKey } from './cell.ts';
import type { DeltaReader } from './delta-reader.ts';
import { NO_SUB, restoredCell, type StateScope } from './state-scope.ts';
import type { StateTable } from './state-table.ts';
import { SubCells } from './sub-cells.ts';

/** Values per chunk: what one append writes again at most. */
const CHUNK_LENGTH = 32;

export class ListTable<T> implements ListState<T>, StateTable {
  readonly kind = 'list';
  readonly name: string;
  readonly index: number;
  readonly #scope: StateScope;
  readonly #keys: SubCells = new SubCells();
  #place: StatePlace | undefined;

  constructor(name: string, index: number, scope: StateScope) {
    this.name = name;
    this.index = index;
    this.#scope = scope;
    this.#place = scope.place(name);
  }

  get length(): number {
    return this.#lengthOf(this.#scope.requireKey(this.name));
  }

  values(): Iterable<T> {
    const key = this.#scope.requireKey(this.name);
    const length = this.#lengthOf(key);
    if (length > CHUNK_LENGTH) return this.#chunked(key, length);
    return length === 0 ? [] : this.#chunk(key, 0).slice();
  }

  append(value: T): void {
    const key = this.#scope.requireKey(this.name);
    const length = this.#lengthOf(key);
    this.#appendToChunk(key, length, value);
    this.#write(key, undefined, length + 1);
  }

  clear(): void {
    const key = this.#scope.requireKey(this.name);
    const length = this.#lengthOf(key);
    if (length === 0) return;
    for (let chunk = 0; chunk * CHUNK_LENGTH < length; chunk++) this.#write(key, chunk, ABSENT);
    this.#write(key, undefined, ABSENT);
  }

  relocate(): void {
    this.#place = this.#scope.place(this.name);
  }

  restore(entry: DeltaReader): Cell | undefined {
    const { sub } = entry;
    const key = entry.decodeKey();
    const number = sub.length === 0 ? undefined : new DataView(sub.buffer, sub.byteOffset, 4).getUint32(0);
    const owner = this.#keys.find(key) ?? this.#keys.add(key, entry.group, this.#place === undefined);
    if (owner.cells.has(number)) return undefined;
    const cell = restoredCell(this, key, number, entry);
    owner.cells.set(number, cell);
    return cell;
  }

  encodeSub(sub: SubKey): Uint8Array {
    if (sub === undefined) return NO_SUB;
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, sub as number);
    return bytes;
  }

  forget(cell: Cell): void {
    this.#keys.remove(cell);
  }

  hand(): Iterator<Cell | undefined> {
    return this.#keys.hand();
  }

  *#chunked(key: Key, length: number): Generator<T> {
    for (let chunk = 0; chunk * CHUNK_LENGTH < length; chunk++) {
      yield* this.#chunk(key, chunk).slice(0, length - chunk * CHUNK_LENGTH);
    }
  }

  #chunk(key: Key, number: number): readonly T[] {
    const cell = this.#cell(key, number, true);
    this.#scope.changes.touch(cell);
    if (cell.value === ABSENT) throw this.#missing(number);
    return cell.value as T[];
  }

  #appendToChunk(key: Key, length: number, value: T): void {
    const at = length % CHUNK_LENGTH;
    const cell = this.#cell(key, (length - at) / CHUNK_LENGTH, at > 0);
    this.#scope.changes.touch(cell);
    if (at === 0) cell.value = [value];
    else if (cell.value === ABSENT) throw this.#missing((length - at) / CHUNK_LENGTH);
    else (cell.value as T[]).push(value);
    assert((cell.value as T[]).length === at + 1, `list "${this.name}" has as many values as its length says`);
    this.#scope.changes.changed(cell);
  }

  #missing(chunk: number): CorruptionError {
    return new CorruptionError(
      `part ${chunk} of a list in state "${this.name}" is missing; the state directory is damaged`,
    );
  }

  #lengthOf(key: Key): number {
    const cell = this.#cell(key, undefined, true);
    this.#scope.changes.touch(cell);
    return cell.value === ABSENT ? 0 : (cell.value as number);
  }

  /** Any cell got before this call may have been evicted by it, unless it was changed. */
  #write(key: Key, sub: number | undefined, value: unknown): void {
    const cell = this.#cell(key, sub, false);
    this.#scope.changes.touch(cell);
    cell.value = value;
    this.#scope.changes.changed(cell);
  }

  #cell(key: Key, sub: number | undefined, isRead: boolean): Cell {
    let owner = this.#keys.find(key);
    const known = owner?.cells.get(sub);
    if (known !== undefined) return known;
    owner ??= this.#keys.add(key, this.#scope.groupOf(key), this.#place === undefined);
    const cell =
      isRead && !owner.isComplete
        ? this.#scope.loadCell(this, this.#place, key, owner.group, sub)
        : this.#scope.newCell(this, key, owner.group, sub);
    owner.cells.set(sub, cell);
    this.#scope.cache.add(cell);
    return cell;
  }
}

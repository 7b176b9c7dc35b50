/**
 * List state: a length, and chunks of {@link CHUNK_LENGTH} values. Appending changes the length and the last chunk only,
 * so an epoch writes what was appended, not the list.
 *
 * Sub keys: none for the length, the chunk's number (u32, big endian) for a chunk. Lists with a time to live are kept in another form
 * (`expiring-lists.ts`), told by their head. A list is brought into the form that is declared when it is first used.
 */
import { fail, type Key, type ListState, type StateTtl, type TimestampMs } from '../model/index.ts';
import { ABSENT, type Cell, type SubKey } from './cell.ts';
import type { DeltaReader } from './delta-reader.ts';
import { ExpiringLists } from './expiring-lists.ts';
import type { ExpiringTable, Lifetimes } from './lifetimes.ts';
import { CHUNK_LENGTH, chunkOf, ListCells, missingChunk } from './list-cells.ts';
import { NO_SUB, type StateScope } from './state-scope.ts';
import type { StateTable } from './state-table.ts';

export class ListTable<T> implements ListState<T>, StateTable, ExpiringTable {
  readonly kind = 'list';
  readonly name: string;
  readonly index: number;
  ttl: StateTtl | undefined;
  readonly #scope: StateScope;
  readonly #cells: ListCells;
  readonly #expiring: ExpiringLists<T>;

  constructor(name: string, index: number, scope: StateScope, lifetimes: Lifetimes) {
    this.name = name;
    this.index = index;
    this.#scope = scope;
    this.#cells = new ListCells(this, scope);
    this.#expiring = new ExpiringLists(name, this.#cells, lifetimes, scope.changes);
  }

  get length(): number {
    const key = this.#scope.requireKey(this.name);
    const length = this.#lengthOf(key);
    return this.ttl === undefined ? length : this.#expiring.length(key);
  }

  values(): Iterable<T> {
    const key = this.#scope.requireKey(this.name);
    const length = this.#lengthOf(key);
    if (this.ttl !== undefined) return this.#expiring.values(key, this.ttl);
    if (length > CHUNK_LENGTH) return this.#chunked(key, length);
    return length === 0 ? [] : this.#chunk(key, 0).slice();
  }

  append(value: T): void {
    const key = this.#scope.requireKey(this.name);
    const length = this.#lengthOf(key);
    if (this.ttl !== undefined) this.#expiring.append(key, value, this.ttl);
    else this.#append(key, length, value);
  }

  clear(): void {
    const key = this.#scope.requireKey(this.name);
    const length = this.#lengthOf(key);
    if (this.ttl !== undefined) this.#expiring.clear(key);
    else if (length > 0) this.#clear(key, length);
  }

  expire(key: Key, _sub: string, indexedAt: TimestampMs): void {
    this.#expiring.expire(key, indexedAt);
  }

  relocate(): void {
    this.#cells.relocate();
  }

  restore(entry: DeltaReader): Cell | undefined {
    return this.#cells.restore(entry);
  }

  encodeSub(sub: SubKey): Uint8Array {
    if (sub === undefined) return NO_SUB;
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, sub as number);
    return bytes;
  }

  forget(cell: Cell): void {
    this.#cells.forget(cell);
  }

  hand(): Iterator<Cell | undefined> {
    return this.#cells.hand();
  }

  /** In the plain form; 0 where there is a time to live. The list is in the declared form afterwards. */
  #lengthOf(key: Key): number {
    const head = this.#cells.read(key, undefined).value;
    if (head === ABSENT) return 0;
    const isPlain = typeof head === 'number';
    if (isPlain && this.ttl === undefined) return head;
    if (isPlain) this.#giveLife(key, head);
    else if (this.ttl === undefined) return this.#takeLife(key);
    return 0;
  }

  #giveLife(key: Key, length: number): void {
    const values = [...this.#chunked(key, length)];
    this.#clear(key, length);
    for (const value of values) this.#expiring.append(key, value, this.ttl!);
  }

  #takeLife(key: Key): number {
    const values = [...this.#expiring.values(key, undefined)];
    this.#expiring.clear(key);
    for (const [length, value] of values.entries()) this.#append(key, length, value);
    return values.length;
  }

  *#chunked(key: Key, length: number): Generator<T> {
    for (let chunk = 0; chunk * CHUNK_LENGTH < length; chunk++) {
      yield* this.#chunk(key, chunk).slice(0, length - chunk * CHUNK_LENGTH);
    }
  }

  #chunk(key: Key, number: number): readonly T[] {
    const { value } = this.#cells.read(key, number);
    if (value === ABSENT) throw missingChunk(this.name, number);
    return value as T[];
  }

  #append(key: Key, length: number, value: T): void {
    const at = length % CHUNK_LENGTH;
    const number = chunkOf(length);
    const cell = at > 0 ? this.#cells.read(key, number) : this.#cells.make(key, number);
    if (at === 0) cell.value = [value];
    else if (cell.value === ABSENT) throw missingChunk(this.name, number);
    else (cell.value as T[]).push(value);
    if ((cell.value as T[]).length !== at + 1) fail(`list "${this.name}" has as many values as its length says`);
    this.#scope.changes.changed(cell);
    this.#cells.write(key, undefined, length + 1);
  }

  #clear(key: Key, length: number): void {
    for (let chunk = 0; chunk * CHUNK_LENGTH < length; chunk++) this.#cells.write(key, chunk, ABSENT);
    this.#cells.write(key, undefined, ABSENT);
  }
}

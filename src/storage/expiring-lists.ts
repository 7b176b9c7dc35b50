/**
 * Lists whose elements have a time to live. Elements expire in the order in which they were appended: one that is appended lives at least as
 * long as those in front of it, also after the time to live was shortened. So what is there to be seen is one range of positions, and one
 * entry of the index per list is enough, for the element that expires next.
 *
 * The head holds that range: the first position not removed yet and the one behind the last; its life ends with that of the last element. A
 * chunk holds how many of its positions are removed, and expiry and value of the others. Positions are not used again until the list is empty.
 */
import type { Key, StateTtl, TimestampMs } from '../model/index.ts';
import { ABSENT, type Cell } from './cell.ts';
import type { ChangeLog } from './change-log.ts';
import type { Lifetimes } from './lifetimes.ts';
import { CHUNK_LENGTH, chunkOf, type ListCells, missingChunk } from './list-cells.ts';

type Head = readonly [begin: number, end: number];
export type Chunk<T> = [removed: number, expiries: TimestampMs[], values: T[]];

/** Whether the list is in this form; the head of the other one is its length. */
export function isExpiringHead(head: unknown): head is Head {
  return typeof head !== 'number';
}

export class ExpiringLists<T> {
  readonly #name: string;
  readonly #cells: ListCells;
  readonly #lifetimes: Lifetimes;
  readonly #changes: ChangeLog;

  constructor(name: string, cells: ListCells, lifetimes: Lifetimes, changes: ChangeLog) {
    this.#name = name;
    this.#cells = cells;
    this.#lifetimes = lifetimes;
    this.#changes = changes;
  }

  length(key: Key): number {
    const head = this.#liveHead(key);
    return head === undefined ? 0 : head[1] - this.#firstLive(key, head);
  }

  /** Nothing is refreshed without `ttl`. */
  values(key: Key, ttl: StateTtl | undefined): Iterable<T> {
    const head = this.#liveHead(key);
    if (head === undefined) return [];
    const first = this.#firstLive(key, head);
    if (this.#lifetimes.isRefreshedByRead(ttl, this.#expiryAt(key, first))) this.#refresh(key, first, head[1], ttl!);
    return this.#between(key, first, head[1]);
  }

  append(key: Key, value: T, ttl: StateTtl): void {
    const live = this.#liveHead(key);
    if (live === undefined) this.clear(key);
    const [begin, end] = live ?? [0, 0];
    const lastExpiry = this.#cells.read(key, undefined).life?.expiresAt ?? Number.NEGATIVE_INFINITY;
    const expiresAt = Math.max(lastExpiry, this.#lifetimes.endOf(ttl));
    if (end % CHUNK_LENGTH === 0) {
      this.#cells.write(key, chunkOf(end), [0, [expiresAt], [value]]);
    } else {
      const [cell, chunk] = this.#chunk(key, chunkOf(end));
      chunk[1].push(expiresAt);
      chunk[2].push(value);
      this.#changes.changed(cell);
    }
    this.#lifetimes.prolong(this.#writeHead(key, [begin, end + 1]), expiresAt);
  }

  clear(key: Key): void {
    const { value } = this.#cells.read(key, undefined);
    if (value === ABSENT) return;
    const [begin, end] = value as Head;
    for (let chunk = chunkOf(begin); chunk * CHUNK_LENGTH < end; chunk++) this.#cells.write(key, chunk, ABSENT);
    const cell = this.#cells.read(key, undefined);
    cell.value = ABSENT;
    this.#changes.changed(cell);
    this.#lifetimes.end(cell);
  }

  /** The index says that the first element of the list may have expired. */
  expire(key: Key, indexedAt: TimestampMs): void {
    const cell = this.#cells.read(key, undefined);
    if (cell.life?.indexedAt !== indexedAt) return;
    const head = this.#liveHead(key);
    if (head === undefined) {
      this.clear(key);
      return;
    }
    const [begin, end] = head;
    const first = this.#firstLive(key, head);
    for (let chunk = chunkOf(begin); chunk < chunkOf(first); chunk++) this.#cells.write(key, chunk, ABSENT);
    this.#removeBefore(key, first);
    const next = this.#expiryAt(key, first);
    this.#lifetimes.moveIndex(this.#writeHead(key, [first, end]), next);
  }

  #removeBefore(key: Key, position: number): void {
    const [cell, chunk] = this.#chunk(key, chunkOf(position));
    const more = (position % CHUNK_LENGTH) - chunk[0];
    if (more <= 0) return;
    cell.value = [chunk[0] + more, chunk[1].slice(more), chunk[2].slice(more)];
    this.#changes.changed(cell);
  }

  /** Returns the cell, changed. */
  #writeHead(key: Key, head: Head): Cell {
    const cell = this.#cells.read(key, undefined);
    cell.value = head;
    this.#changes.changed(cell);
    return cell;
  }

  /** `undefined`: no element is there to be seen. */
  #liveHead(key: Key): Head | undefined {
    const cell = this.#cells.read(key, undefined);
    return this.#lifetimes.isLive(cell) ? (cell.value as Head) : undefined;
  }

  /** Position of the first element that has not expired; there is one. */
  #firstLive(key: Key, [begin, end]: Head): number {
    let position = begin;
    while (position < end - 1 && this.#expiryAt(key, position) <= this.#lifetimes.now) position++;
    return position;
  }

  #expiryAt(key: Key, position: number): TimestampMs {
    const [, [removed, expiries]] = this.#chunk(key, chunkOf(position));
    return expiries[(position % CHUNK_LENGTH) - removed]!;
  }

  #refresh(key: Key, first: number, end: number, ttl: StateTtl): void {
    const expiresAt = this.#lifetimes.endOf(ttl);
    for (let number = chunkOf(first); number * CHUNK_LENGTH < end; number++) {
      const [cell, chunk] = this.#chunk(key, number);
      const from = number === chunkOf(first) ? (first % CHUNK_LENGTH) - chunk[0] : 0;
      // Those that have expired stay expired.
      chunk[1] = chunk[1].map((expiry, index) => (index < from ? expiry : Math.max(expiry, expiresAt)));
      this.#changes.changed(cell);
    }
    const head = this.#cells.read(key, undefined);
    this.#changes.changed(head);
    this.#lifetimes.prolong(head, Math.max(expiresAt, head.life!.expiresAt));
  }

  *#between(key: Key, first: number, end: number): Generator<T> {
    for (let number = chunkOf(first); number * CHUNK_LENGTH < end; number++) {
      const [, [removed, , values]] = this.#chunk(key, number);
      const from = Math.max(0, first - number * CHUNK_LENGTH - removed);
      yield* values.slice(from, end - number * CHUNK_LENGTH - removed);
    }
  }

  #chunk(key: Key, number: number): readonly [Cell, Chunk<T>] {
    const cell = this.#cells.read(key, number);
    if (cell.value === ABSENT) throw missingChunk(this.#name, number);
    return [cell, cell.value as Chunk<T>];
  }
}

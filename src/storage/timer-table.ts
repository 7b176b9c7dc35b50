/**
 * Pending timers of one domain: one entry per timer, in the order of their times (`timer-key.ts`), all keys of a key group in one range of
 * the base tables. Also the index by which what has a time to live is found when that is over.
 *
 * In memory are the timers that changed lately (cells like any others: dirty, frozen, pinned) and those due next. For each key group a bound
 * says how far memory is complete: every stored timer before it has its cell here, or is gone. Timers behind it are read in pages, when the
 * bound is reached and not before, so that adding, removing or keeping far timers reads nothing. Evicting a timer that is pending lowers
 * the bound to it. What was read ahead is not evicted, or it would be read again for every timer while changed entries alone fill the
 * cache: that much, {@link AHEAD_MAX} timers per key group, may be in memory beyond the bound of the cache.
 *
 * The earliest of all groups is the top of one heap, as far as that lies before all bounds.
 */
import { encodeKey } from '../codec/key-codec.ts';
import { type Key, type KeyGroup, OperatorError, type TimerQueue, type TimestampMs } from '../model/index.ts';
import type { StatePlace } from './base-key.ts';
import { ABSENT, CELL_OVERHEAD_BYTES, Cell, type SubKey } from './cell.ts';
import type { DeltaReader } from './delta-reader.ts';
import { restoredCell, type StateScope } from './state-scope.ts';
import type { StateTable } from './state-table.ts';
import { TimerHeap } from './timer-heap.ts';
import {
  bytesOf,
  charactersOf,
  decodeTimer,
  encodeTimer,
  TIMER_KEY_END,
  type TimerParts,
  timeOfTimer,
} from './timer-key.ts';

/** Timers read at once. */
const PAGE_TIMERS = 32;
/** Timers read ahead, per key group on average, above which they may be evicted. */
const AHEAD_MAX = 2 * PAGE_TIMERS;
/** Void cells in the heap below which it is not worth rebuilding. */
const VOID_CELLS_MIN = 64;
/** The timers of all keys stand under one key, or they would not be in the order of their times. */
const SHARED_KEY: Key = false;
const SHARED_KEY_BYTES: Uint8Array = encodeKey(SHARED_KEY);
const PENDING = true;

export class TimerTable implements TimerQueue, StateTable {
  readonly kind = 'timers';
  readonly name: string;
  readonly index: number;
  readonly #scope: StateScope;
  readonly #cells: Map<string, Cell> = new Map();
  /** Those of {@link #cells} that were read ahead and are pending. */
  readonly #ahead: Set<Cell> = new Set();
  readonly #heap: TimerHeap = new TimerHeap();
  /** Cells in the heap that are no pending timers any more; about, a cell may be in it twice. */
  #voidCells = 0;
  /** By key group, from the first that is owned. */
  readonly #bounds: string[];
  /** The least of them. */
  #bound: string;
  /** Time of the earliest timer, even when its cell has been evicted; NaN: to be found out. */
  #nextAt = Number.NaN;
  /** Cells read in pages since room was made for them. */
  #cellsRead = 0;
  #place: StatePlace | undefined;

  constructor(name: string, index: number, scope: StateScope) {
    this.name = name;
    this.index = index;
    this.#scope = scope;
    this.#place = scope.place(name);
    const { first, last } = scope.groups;
    this.#bound = this.#place === undefined ? TIMER_KEY_END : '';
    this.#bounds = new Array<string>(last - first + 1).fill(this.#bound);
  }

  add(at: TimestampMs, tag: string): void {
    if (Number.isNaN(at) || at === Number.NEGATIVE_INFINITY) throw this.#noTime(at);
    this.put(at, this.#scope.requireKey(this.name), tag);
  }

  remove(at: TimestampMs, tag: string): void {
    if (!Number.isNaN(at)) this.drop(at, this.#scope.requireKey(this.name), tag);
  }

  /** {@link add} for any key of the owned groups. */
  put(at: TimestampMs, key: Key, tag: string): void {
    const sub = encodeTimer(at, key, tag);
    const known = this.#cells.get(sub);
    if (known !== undefined && known.value !== ABSENT) {
      known.isHot = true;
      return;
    }
    const cell = known ?? this.#newCell(key, sub);
    this.#write(cell, PENDING);
    this.#heap.push(cell);
    // -0 is the same time as 0.
    if (at < this.#nextAt) this.#nextAt = at + 0;
  }

  /** {@link remove} for any key of the owned groups. */
  drop(at: TimestampMs, key: Key, tag: string): void {
    const sub = encodeTimer(at, key, tag);
    const known = this.#cells.get(sub);
    if (known === undefined) {
      if (sub < this.#boundOf(this.#scope.groupOf(key))) return;
      this.#write(this.#newCell(key, sub), ABSENT);
    } else {
      if (known.value === ABSENT) return;
      this.#write(known, ABSENT);
      this.#scope.cache.discard(known);
      this.#countVoid();
    }
    if (at === this.#nextAt) this.#nextAt = Number.NaN;
  }

  /** Time of the earliest timer; +Infinity also where there is none. */
  nextAt(): TimestampMs {
    if (!Number.isNaN(this.#nextAt)) return this.#nextAt;
    const earliest = this.#earliest();
    this.#nextAt = earliest === undefined ? Number.POSITIVE_INFINITY : timeOfTimer(earliest.sub as string);
    this.#makeRoom();
    return this.#nextAt;
  }

  /** Takes the earliest timer out, if it is due. */
  takeDue(upTo: TimestampMs): TimerParts | undefined {
    if (this.nextAt() > upTo) return undefined;
    const cell = this.#earliest();
    if (cell === undefined) return undefined;
    this.#heap.pop();
    this.#write(cell, ABSENT);
    this.#scope.cache.discard(cell);
    this.#nextAt = Number.NaN;
    this.#makeRoom();
    return decodeTimer(cell.sub as string);
  }

  relocate(): void {
    this.#place = this.#scope.place(this.name);
  }

  restore(entry: DeltaReader): Cell | undefined {
    const sub = charactersOf(entry.sub);
    if (this.#cells.has(sub)) return undefined;
    const cell = restoredCell(this, SHARED_KEY, sub, entry);
    this.#cells.set(sub, cell);
    if (cell.value !== ABSENT) this.#heap.push(cell);
    return cell;
  }

  encodeSub(sub: SubKey): Uint8Array {
    return bytesOf(sub as string);
  }

  forget(cell: Cell): void {
    const sub = cell.sub as string;
    this.#cells.delete(sub);
    this.#ahead.delete(cell);
    if (cell.value === ABSENT) return;
    this.#countVoid();
    if (sub < this.#boundOf(cell.group)) this.#setBound(cell.group, sub);
  }

  *hand(): Generator<Cell | undefined, never> {
    for (;;) {
      for (const cell of this.#cells.values()) if (!this.#isKept(cell)) yield cell;
      yield undefined;
    }
  }

  #newCell(key: Key, sub: string): Cell {
    const group = this.#scope.groupOf(key);
    const cell = this.#scope.newCell(this, SHARED_KEY, group, sub, sub >= this.#boundOf(group));
    this.#cells.set(sub, cell);
    this.#scope.cache.add(cell);
    return cell;
  }

  #write(cell: Cell, value: typeof PENDING | typeof ABSENT): void {
    this.#scope.changes.touch(cell);
    cell.value = value;
    this.#scope.changes.changed(cell);
    this.#ahead.delete(cell);
    // Nobody comes back to it soon: neither to one that is gone, nor to one that was just set. It may go as soon as it is folded.
    cell.isHot = false;
  }

  /** The cell of the earliest timer, on top of the heap. */
  #earliest(): Cell | undefined {
    for (;;) {
      const top = this.#heap.top();
      if (top !== undefined && !this.#isPending(top)) {
        this.#heap.pop();
        this.#voidCells--;
      } else if (this.#bound === TIMER_KEY_END || (top !== undefined && (top.sub as string) <= this.#bound)) {
        return top;
      } else {
        this.#readPage(this.#scope.groups.first + this.#bounds.indexOf(this.#bound));
      }
    }
  }

  /** Takes the next stored timers of a group into memory. They are not evicted before {@link #makeRoom}. */
  #readPage(group: KeyGroup): void {
    const from = bytesOf(this.#boundOf(group));
    let bound = TIMER_KEY_END;
    let timers = 0;
    for (const stored of this.#scope.reader.scan(this.#place!, group, SHARED_KEY_BYTES, { from, batch: PAGE_TIMERS })) {
      const sub = charactersOf(stored.sub);
      if (!this.#cells.has(sub)) this.#keep(group, sub);
      if (++timers < PAGE_TIMERS) continue;
      bound = `${sub}\0`;
      break;
    }
    this.#setBound(group, bound);
  }

  #keep(group: KeyGroup, sub: string): void {
    const cell = new Cell(this, SHARED_KEY, group, sub, PENDING, CELL_OVERHEAD_BYTES + sub.length, true);
    this.#cells.set(sub, cell);
    this.#scope.cache.count(cell);
    this.#heap.push(cell);
    this.#ahead.add(cell);
    this.#cellsRead++;
  }

  #makeRoom(): void {
    if (this.#cellsRead === 0) return;
    // Twice: the hand passes a cell that was just used before it evicts it.
    this.#scope.cache.trim(2 * this.#cellsRead);
    this.#cellsRead = 0;
  }

  #isKept(cell: Cell): boolean {
    return this.#ahead.has(cell) && this.#ahead.size <= AHEAD_MAX * this.#bounds.length;
  }

  #isPending(cell: Cell): boolean {
    return cell.value !== ABSENT && this.#cells.get(cell.sub as string) === cell;
  }

  #boundOf(group: KeyGroup): string {
    return this.#bounds[group - this.#scope.groups.first]!;
  }

  #setBound(group: KeyGroup, bound: string): void {
    const at = group - this.#scope.groups.first;
    const before = this.#bounds[at]!;
    this.#bounds[at] = bound;
    if (bound < this.#bound) this.#bound = bound;
    else if (before === this.#bound) this.#bound = this.#bounds.reduce((least, each) => (each < least ? each : least));
  }

  #countVoid(): void {
    if (++this.#voidCells < VOID_CELLS_MIN || this.#voidCells * 2 < this.#heap.size) return;
    this.#heap.rebuild([...this.#cells.values()].filter((cell) => cell.value !== ABSENT));
    this.#voidCells = 0;
  }

  #noTime(at: TimestampMs): OperatorError {
    return new OperatorError(
      `a timer was set to ${at}; set it to a time, or to +Infinity for the end of the input`,
      {},
    );
  }
}

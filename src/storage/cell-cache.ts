/**
 * Bounds the memory of clean cells: approximate least recently used by second chance (the clock algorithm; Corbató 1968).
 * A hit costs one store of a flag; the hand moves when a cell is added beyond the bound, and a little before each record
 * while memory is above it (cells become evictable in bulk, when their epoch is folded).
 *
 * The bound is in bytes, never in keys (design decision 4). Changed, frozen and pinned cells are counted and never
 * evicted; they are bounded by the epoch: its size (`dirtyBytes`) and the back-pressure on unfolded deltas.
 */
import type { Epoch } from '../model/index.ts';
import { type Cell, SERIAL_NONE } from './cell.ts';

/** Cells the hand passes per added cell. More than 1, so that memory shrinks again after a burst of pinned cells. */
const HAND_STEPS_PER_CELL = 8;
/** Cells the hand passes before a record. */
const HAND_STEPS_PER_RECORD = 4;

export class CellCache {
  readonly #bytesMax: number;
  readonly #hands: Iterator<Cell | undefined>[] = [];
  #hand = 0;
  #bytes = 0;
  #entries = 0;
  #foldedThrough: Epoch;
  /** Steps of the hand since it last evicted something, and whether that was two rounds: then only a fold can help. */
  #fruitless = 0;
  #isStalled = false;

  constructor(bytesMax: number, foldedThrough: Epoch) {
    this.#bytesMax = bytesMax;
    this.#foldedThrough = foldedThrough;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get entries(): number {
    return this.#entries;
  }

  /**
   * Registers a state: an endless walk over its cells that survives additions and removals, and says `undefined` once per
   * round (or nothing would end a walk over nothing).
   */
  register(hand: Iterator<Cell | undefined>): void {
    this.#hands.push(hand);
  }

  /** Counts a new cell, and makes room for it where that is possible. The cell itself stays. */
  add(cell: Cell): void {
    this.#entries++;
    this.#bytes += cell.bytes;
    this.#advance(HAND_STEPS_PER_CELL, cell);
  }

  /**
   * Counts a new cell and leaves all others: cells of unfolded deltas are pinned, all of them at that time, and the hand would turn in
   * vain; of cells that are read together none may go before all are there ({@link trim}).
   */
  count(cell: Cell): void {
    this.#entries++;
    this.#bytes += cell.bytes;
  }

  /** Between two records, when nobody holds a cell. */
  get isTrimDue(): boolean {
    return this.#bytes > this.#bytesMax && !this.#isStalled;
  }

  trim(steps: number = HAND_STEPS_PER_RECORD): void {
    this.#advance(steps, undefined);
  }

  /** Takes a cell out that nobody comes back to, if it may go now. */
  discard(cell: Cell): void {
    if (this.#isClean(cell)) this.#evict(cell);
  }

  resized(bytes: number): void {
    this.#bytes += bytes;
  }

  onFolded(foldedThrough: Epoch): void {
    this.#foldedThrough = Math.max(this.#foldedThrough, foldedThrough);
    this.#isStalled = false;
    this.#fruitless = 0;
  }

  #advance(steps: number, added: Cell | undefined): void {
    for (let step = 0; step < steps && this.#bytes > this.#bytesMax; step++) {
      const cell = this.#hands[this.#hand]!.next().value;
      if (cell === undefined) this.#hand = (this.#hand + 1) % this.#hands.length;
      if (cell !== undefined && cell !== added && this.#isEvictable(cell)) this.#evict(cell);
      else if (++this.#fruitless > 2 * (this.#entries + this.#hands.length)) this.#isStalled = true;
    }
  }

  #evict(cell: Cell): void {
    cell.home.forget(cell);
    this.#bytes -= cell.bytes;
    this.#entries--;
    this.#fruitless = 0;
  }

  /** Clean, and not used since the hand last came by: which this call makes so. */
  #isEvictable(cell: Cell): boolean {
    if (!this.#isClean(cell)) return false;
    if (!cell.isHot) return true;
    cell.isHot = false;
    return false;
  }

  #isClean(cell: Cell): boolean {
    return cell.serial === SERIAL_NONE && cell.pinnedBy <= this.#foldedThrough;
  }
}

/**
 * Bounds the memory of clean cells: approximate least recently used by second chance (the clock algorithm; Corbató 1968).
 * A hit costs one store of a flag; the hand moves only when a cell is added beyond the bound.
 *
 * The bound is in bytes, never in keys (design decision 4). Changed, frozen and pinned cells are counted and never
 * evicted; they are bounded by the epoch: its size (`dirtyBytes`) and the back-pressure on unfolded deltas.
 */
import type { Epoch } from '../model/index.ts';
import { type Cell, SERIAL_NONE } from './cell.ts';

/** Cells the hand passes per added cell. More than 1, so that memory shrinks again after a burst of pinned cells. */
const HAND_STEPS_PER_CELL = 8;

export class CellCache {
  readonly #bytesMax: number;
  readonly #hands: Iterator<Cell | undefined>[] = [];
  #hand = 0;
  #bytes = 0;
  #entries = 0;
  #foldedThrough: Epoch;

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
    if (this.#bytes > this.#bytesMax) this.#shrink(cell);
  }

  resized(bytes: number): void {
    this.#bytes += bytes;
  }

  onFolded(foldedThrough: Epoch): void {
    this.#foldedThrough = Math.max(this.#foldedThrough, foldedThrough);
  }

  #shrink(added: Cell): void {
    for (let steps = 0; steps < HAND_STEPS_PER_CELL && this.#bytes > this.#bytesMax; steps++) {
      this.#hand = (this.#hand + 1) % this.#hands.length;
      const cell = this.#hands[this.#hand]!.next().value;
      if (cell === undefined || cell === added || !this.#isClean(cell)) continue;
      if (cell.isHot) {
        cell.isHot = false;
        continue;
      }
      cell.home.forget(cell);
      this.#bytes -= cell.bytes;
      this.#entries--;
    }
  }

  #isClean(cell: Cell): boolean {
    return cell.serial === SERIAL_NONE && cell.pinnedBy <= this.#foldedThrough;
  }
}

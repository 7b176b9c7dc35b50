/**
 * Binary heap of the cells of timers, the earliest on top. Nothing is taken out of its middle: who owns it recognises cells that have become
 * void when they come to the top, and rebuilds the heap when there are too many of them.
 */
import type { Cell } from './cell.ts';

export class TimerHeap {
  #cells: Cell[] = [];

  get size(): number {
    return this.#cells.length;
  }

  top(): Cell | undefined {
    return this.#cells[0];
  }

  push(cell: Cell): void {
    const cells = this.#cells;
    let at = cells.length;
    cells.push(cell);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!isEarlier(cell, cells[parent]!)) break;
      cells[at] = cells[parent]!;
      at = parent;
    }
    cells[at] = cell;
  }

  /** Takes the top away, if there is one. */
  pop(): void {
    const last = this.#cells.pop();
    if (last !== undefined && this.#cells.length > 0) this.#sink(0, last);
  }

  /** In place of everything that was in it. */
  rebuild(cells: Cell[]): void {
    this.#cells = cells;
    for (let at = (cells.length >>> 1) - 1; at >= 0; at--) this.#sink(at, cells[at]!);
  }

  /** Puts `cell` where it belongs at or below `at`. */
  #sink(from: number, cell: Cell): void {
    const cells = this.#cells;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= cells.length) break;
      if (child + 1 < cells.length && isEarlier(cells[child + 1]!, cells[child]!)) child++;
      if (!isEarlier(cells[child]!, cell)) break;
      cells[at] = cells[child]!;
      at = child;
    }
    cells[at] = cell;
  }
}

function isEarlier(a: Cell, b: Cell): boolean {
  return (a.sub as string) < (b.sub as string);
}

/**
 * What changed in the current epoch, and the frozen changes of the one before on their way into a delta. One per keyed
 * state; knows cells, not states.
 *
 * Freezing is a swap of two lists, whatever their length (design decision 3). A frozen cell that is about to be read or
 * written is encoded first ({@link ChangeLog.touch}), because a value may be changed in place by whoever reads it (I1: the
 * snapshot holds nothing from behind the marker).
 */
import {
  assert,
  type Clock,
  type DurationMs,
  type Epoch,
  type NodeId,
  type StateDelta,
  type SubtaskIndex,
  ValueError,
} from '../model/index.ts';
import { ABSENT, CELL_OVERHEAD_BYTES, type Cell, SERIAL_NONE } from './cell.ts';
import { DeltaBuilder } from './delta-builder.ts';
import type { DeltaState } from './delta-format.ts';

/** Cells encoded between two looks at the clock. */
const CELLS_PER_CLOCK_CHECK = 32;
/** First guess at the encoded size of a cell, before anything was encoded. */
const CELL_ENCODED_BYTES_GUESS = 64;
/** A serial no cell has. */
const SERIAL_UNUSED = -1;

export interface ChangeLogOptions {
  readonly node: NodeId;
  readonly subtask: SubtaskIndex;
  readonly clock: Clock;
  /** The states of the node, by their index; grows only between epochs. */
  readonly states: readonly DeltaState[];
  /** A cell's estimate of its memory changed by so many bytes. */
  readonly onResized: (bytes: number) => void;
}

export class ChangeLog {
  /** Cells with this serial are frozen and not yet encoded. */
  frozenSerial: number = SERIAL_UNUSED;

  readonly #options: ChangeLogOptions;
  #serial = 1;
  #dirty: Cell[] = [];
  #dirtyBytes = 0;
  #frozen: Cell[] = [];
  #frozenNext = 0;
  #builder: DeltaBuilder | undefined;
  #epoch: Epoch = 0;
  /** Running mean of encoded bytes per cell, to size buffers and to guess at cells never encoded. */
  #meanBytes = CELL_ENCODED_BYTES_GUESS;

  constructor(options: ChangeLogOptions) {
    this.#options = options;
  }

  /** Before any use of a cell's value. */
  touch(cell: Cell): void {
    if (cell.serial === this.frozenSerial) this.#encode(cell);
    cell.isHot = true;
  }

  /** After a change of a touched cell. */
  changed(cell: Cell): void {
    if (isNothing(cell)) {
      this.#unchange(cell);
      return;
    }
    if (cell.serial === this.#serial) return;
    assert(cell.serial === SERIAL_NONE, 'I1: a frozen cell is encoded before it is changed');
    cell.serial = this.#serial;
    cell.dirtyAt = this.#dirty.length;
    this.#dirty.push(cell);
    this.#dirtyBytes += cell.bytes;
  }

  /** A guess at the memory of a cell whose value was never encoded. */
  guessBytes(): number {
    return CELL_OVERHEAD_BYTES + this.#meanBytes;
  }

  freeze(epoch: Epoch): void {
    assert(this.#builder === undefined, `I2: epoch ${epoch} is frozen before the delta of ${this.#epoch} was taken`);
    assert(epoch > this.#epoch, `I2: epoch ${epoch} is frozen after ${this.#epoch}`);
    this.#epoch = epoch;
    this.#frozen = this.#dirty;
    this.#frozenNext = 0;
    this.#dirty = [];
    this.#dirtyBytes = 0;
    this.frozenSerial = this.#serial++;
    if (this.#frozen.length === 0) return;
    const { node, subtask, states } = this.#options;
    // A quarter more than the mean says: growing copies, and a copy of megabytes would be a pause.
    const expected = this.#frozen.length * this.#meanBytes * 1.25;
    this.#builder = new DeltaBuilder({ node, subtask, epoch, states }, expected);
  }

  encodeFrozen(budgetMs: DurationMs): boolean {
    if (this.#frozenNext === this.#frozen.length) return true;
    const until = this.#options.clock.monotonic() + budgetMs;
    do {
      const end = Math.min(this.#frozenNext + CELLS_PER_CLOCK_CHECK, this.#frozen.length);
      for (; this.#frozenNext < end; this.#frozenNext++) {
        const cell = this.#frozen[this.#frozenNext]!;
        if (cell.serial === this.frozenSerial) this.#encode(cell);
      }
    } while (this.#frozenNext < this.#frozen.length && this.#options.clock.monotonic() < until);
    this.#builder?.settle();
    return this.#frozenNext === this.#frozen.length;
  }

  takeDelta(): StateDelta | undefined {
    assert(this.#frozenNext === this.#frozen.length, 'I1: a delta is taken when all of it is encoded');
    const builder = this.#builder;
    this.#builder = undefined;
    this.#frozen = [];
    this.#frozenNext = 0;
    this.frozenSerial = SERIAL_UNUSED;
    if (builder === undefined) return undefined;
    const { entries, length } = builder;
    if (entries === 0) return undefined;
    this.#meanBytes = Math.ceil(length / entries);
    const { node, subtask } = this.#options;
    return { node, subtask, epoch: this.#epoch, entries, bytes: builder.finish() };
  }

  dirtyBytes(): number {
    return this.#dirtyBytes;
  }

  #unchange(cell: Cell): void {
    if (cell.serial !== this.#serial) return;
    const last = this.#dirty.pop()!;
    if (last !== cell) {
      this.#dirty[cell.dirtyAt] = last;
      last.dirtyAt = cell.dirtyAt;
    }
    this.#dirtyBytes -= cell.bytes;
    cell.serial = SERIAL_NONE;
  }

  #encode(cell: Cell): void {
    const isNothingToWrite = isNothing(cell);
    const bytes = isNothingToWrite ? cell.bytes : CELL_OVERHEAD_BYTES + this.#write(cell);
    cell.serial = SERIAL_NONE;
    if (isNothingToWrite) return;
    cell.isStored = cell.value !== ABSENT;
    cell.pinnedBy = this.#epoch;
    if (bytes === cell.bytes) return;
    this.#options.onResized(bytes - cell.bytes);
    cell.bytes = bytes;
  }

  #write(cell: Cell): number {
    try {
      const { group, home, key, sub, value, life } = cell;
      return this.#builder!.add(group, home.index, key, home.encodeSub(sub), value, life);
    } catch (cause) {
      const state = this.#options.states[cell.home.index]?.name;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ValueError(
        `a value of state "${state}" of "${this.#options.node}" cannot be stored: ${reason}; keep plain data in state`,
        { node: this.#options.node, epoch: this.#epoch, key: String(cell.key).slice(0, 200), cause },
      );
    }
  }
}

/** There is nothing to be written of the entry: it does not exist, and what was written of it last says the same. */
function isNothing(cell: Cell): boolean {
  return cell.value === ABSENT && !cell.isStored;
}

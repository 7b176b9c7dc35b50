/**
 * The panes of the current key: those that hold records, by their number. A chunk of {@link PANES_PER_CHUNK} neighbours is one array and
 * one entry of state, so that an epoch writes what changed and a key with a thousand panes has some thirty entries.
 *
 * The directory is the ascending list of the numbers of chunks; it is written when a chunk comes or goes. Panes that no window needs any
 * more go with their chunk.
 */
import type { MapState, StateAccess, StreamRecord, ValueState } from '../../model/index.ts';
import type { Slots, WindowFields } from './window-fields.ts';

export const PANE_STATE: string = 'panes';
export const DIRECTORY_STATE: string = 'chunks';

export const PANES_PER_CHUNK = 32;

/** No pane, no window: behind all of them. */
export const NONE: number = Number.POSITIVE_INFINITY;

export class PaneStore<In = unknown> {
  readonly #fields: WindowFields<In>;
  readonly #chunks: MapState<Slots>;
  readonly #directory: ValueState<number[]>;

  constructor(state: StateAccess, fields: WindowFields<In>) {
    this.#fields = fields;
    this.#chunks = state.map(PANE_STATE);
    this.#directory = state.value(DIRECTORY_STATE);
  }

  add(pane: number, record: StreamRecord<In>): void {
    const { width } = this.#fields;
    const number = chunkOf(pane);
    let chunk = this.#chunks.get(number);
    if (chunk === undefined) {
      chunk = [];
      this.#enter(number);
    }
    const base = (pane - number * PANES_PER_CHUNK) * width;
    if (!this.#holds(chunk, base)) {
      while (chunk.length < base) chunk.push(null);
      const slots = this.#fields.create();
      for (let slot = 0; slot < width; slot++) chunk[base + slot] = slots[slot];
    }
    this.#fields.add(chunk, base, record);
    this.#chunks.set(number, chunk);
  }

  /** The panes in `[from, to)` that hold records, ascending. Neither panes nor slots may be changed meanwhile. */
  forEach(from: number, to: number, visit: (slots: Slots, base: number, pane: number) => void): void {
    const { width } = this.#fields;
    const last = chunkOf(to - 1);
    const directory = this.#directory.get() ?? [];
    for (let i = lowerBound(directory, chunkOf(from)); i < directory.length && directory[i]! <= last; i++) {
      const first = directory[i]! * PANES_PER_CHUNK;
      const chunk = this.#chunks.get(directory[i]!)!;
      const end = Math.min(to - first, chunk.length / width);
      for (let slot = Math.max(0, from - first); slot < end; slot++) {
        if (this.#holds(chunk, slot * width)) visit(chunk, slot * width, first + slot);
      }
    }
  }

  /** The first pane from `from` on that holds records; {@link NONE}. */
  firstFrom(from: number): number {
    const { width } = this.#fields;
    const directory = this.#directory.get() ?? [];
    for (let i = lowerBound(directory, chunkOf(from)); i < directory.length; i++) {
      const first = directory[i]! * PANES_PER_CHUNK;
      const chunk = this.#chunks.get(directory[i]!)!;
      for (let slot = Math.max(0, from - first); slot * width < chunk.length; slot++) {
        if (this.#holds(chunk, slot * width)) return first + slot;
      }
    }
    return NONE;
  }

  /** The last pane with records in the first chunk: when it has gone the chunk can go. {@link NONE}: there is no pane. */
  lastOfFirstChunk(): number {
    const [first] = this.#directory.get() ?? [];
    return first === undefined ? NONE : this.#lastOf(first);
  }

  last(): number {
    const last = this.#directory.get()?.at(-1);
    return last === undefined ? NONE : this.#lastOf(last);
  }

  /** Removes the chunks that hold records of panes below `pane` only. True when nothing is left of the key. */
  removeBefore(pane: number): boolean {
    const directory = this.#directory.get() ?? [];
    let removed = 0;
    while (removed < directory.length && this.#lastOf(directory[removed]!) < pane) {
      this.#chunks.delete(directory[removed++]!);
    }
    if (removed === directory.length) this.#directory.clear();
    else if (removed > 0) this.#directory.set(directory.slice(removed));
    return removed === directory.length;
  }

  #enter(number: number): void {
    const directory = this.#directory.get() ?? [];
    directory.splice(lowerBound(directory, number), 0, number);
    this.#directory.set(directory);
  }

  /** A chunk ends with its last pane. */
  #lastOf(number: number): number {
    return number * PANES_PER_CHUNK + this.#chunks.get(number)!.length / this.#fields.width - 1;
  }

  #holds(chunk: Slots, base: number): boolean {
    return base < chunk.length && chunk[base + this.#fields.names.length] !== null;
  }
}

export function chunkOf(pane: number): number {
  return Math.floor(pane / PANES_PER_CHUNK);
}

/** Index of the first number in ascending `numbers` that is not below `wanted`. */
function lowerBound(numbers: readonly number[], wanted: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

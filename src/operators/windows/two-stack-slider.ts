/**
 * A slider for aggregates that can only merge: two stacks (Tangwongsan, Hirzel, Schneider, "General incremental sliding-window aggregation",
 * VLDB 2015; the queue of two stacks is folklore). The panes of a window are a front and a back:
 *
 *     front [from, middle): of each pane, the accumulators of it and all later ones of the front
 *     back  [middle, to):   the accumulators of all of it together
 *
 * A window is the front's entry of its first pane merged with the back; a new pane goes into the back. When the front is used up all panes
 * become the front: one merge per pane, once in the life of a pane. The front is stored in chunks as panes are, and written then only.
 */
import type { Key, MapState, ValueState } from '../../model/index.ts';
import { chunkOf, PANES_PER_CHUNK } from './pane-store.ts';
import type { Slots, WindowFields } from './window-fields.ts';
import type { PaneReader, WindowSlider } from './window-slider.ts';

export const STACKS_STATE: string = 'stacks';
export const FRONT_STATE: string = 'front';

/** `from`: of the first pane of the last window. */
export type Stacks = [from: number, middle: number, to: number, back: Slots];

export interface TwoStackStates {
  readonly stacks: ValueState<Stacks>;
  readonly front: MapState<Slots>;
}

export class TwoStackSlider implements WindowSlider {
  readonly #fields: WindowFields<never>;
  readonly #panes: PaneReader;
  readonly #stacks: ValueState<Stacks>;
  readonly #front: MapState<Slots>;

  constructor(states: TwoStackStates, fields: WindowFields<never>, panes: PaneReader) {
    this.#fields = fields;
    this.#panes = panes;
    this.#stacks = states.stacks;
    this.#front = states.front;
  }

  advance(from: number, to: number): Slots | undefined {
    let stacks = this.#stacks.get();
    if (stacks === undefined || from >= stacks[1]) {
      this.#turn(from, to);
      stacks = [from, to, to, this.#fields.create()];
    } else {
      const [, , passed, back] = stacks;
      this.#panes.forEach(passed, to, (pane, base) => this.#fields.merge(back, 0, pane, base));
      stacks = [from, stacks[1], to, back];
    }
    this.#stacks.set(stacks);
    const slots = this.#fields.create();
    this.#mergeFront(slots, from, stacks[1]);
    this.#fields.merge(slots, 0, stacks[3], 0);
    return this.#fields.recordsOf(slots) === 0 ? undefined : slots;
  }

  leave(from: number): void {
    const stacks = this.#stacks.get();
    if (stacks !== undefined && from >= stacks[2]) this.reset();
  }

  reset(): void {
    this.#stacks.clear();
    this.#front.clear();
  }

  /** Makes the panes `[from, to)` the front. */
  #turn(from: number, to: number): void {
    const { width } = this.#fields;
    this.#front.clear();
    const panes: { readonly pane: number; readonly slots: Slots; readonly base: number }[] = [];
    this.#panes.forEach(from, to, (slots, base, pane) => panes.push({ pane, slots, base }));
    const chunks = new Map<number, Slots>();
    let [behind, behindBase]: [Slots | undefined, number] = [undefined, 0];
    for (const { pane, slots, base } of panes.reverse()) {
      const number = chunkOf(pane);
      const chunk = chunks.get(number) ?? [];
      chunks.set(number, chunk);
      const entry = (pane - number * PANES_PER_CHUNK) * width;
      while (chunk.length < entry + width) chunk.push(null);
      const created = this.#fields.create();
      for (let slot = 0; slot < width; slot++) chunk[entry + slot] = created[slot];
      this.#fields.merge(chunk, entry, slots, base);
      if (behind !== undefined) this.#fields.merge(chunk, entry, behind, behindBase);
      [behind, behindBase] = [chunk, entry];
    }
    for (const [number, chunk] of chunks) this.#front.set(number, chunk);
  }

  /** Merges the entry of the first pane from `from` on into empty `slots`, if there is one below `middle`. */
  #mergeFront(slots: Slots, from: number, middle: number): void {
    const pane = this.#panes.firstFrom(from);
    if (pane >= middle) return;
    const number = chunkOf(pane);
    this.#fields.merge(slots, 0, this.#front.get(number)!, (pane - number * PANES_PER_CHUNK) * this.#fields.width);
  }
}

/** States of a slider that lives for one call only. */
export function passingStates(): TwoStackStates {
  let stacks: Stacks | undefined;
  const front = new Map<Key, Slots>();
  return {
    stacks: {
      get: () => stacks,
      set: (value) => {
        stacks = value;
      },
      clear: () => {
        stacks = undefined;
      },
    },
    front: {
      get: (key) => front.get(key),
      set: (key, value) => void front.set(key, value),
      has: (key) => front.has(key),
      delete: (key) => void front.delete(key),
      entries: () => front.entries(),
      clear: () => front.clear(),
    },
  };
}

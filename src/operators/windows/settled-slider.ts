/**
 * A slider for records that come late for some of their windows: it leaves the last panes of each window to be merged anew, so that a
 * record added to one of them changes nothing that is kept.
 *
 * How many are left depends on how late the records of the key have come: none as long as all are in time, {@link TAIL_MAX} at most. A record
 * for an older pane is taken for an exception: the window is made anew once.
 */
import type { ValueState } from '../../model/index.ts';
import type { Slots, WindowFields } from './window-fields.ts';
import type { PaneReader, WindowSlider } from './window-slider.ts';

/** Number of panes that are merged with every window; absent: none. */
export const TAIL_STATE: string = 'tail';

/** What a window costs is bounded by it, whatever its size. */
const TAIL_MAX = 32;

export interface SettledSliderOptions {
  /** Slides over the panes before the tail. */
  readonly settled: WindowSlider;
  readonly tail: ValueState<number>;
  readonly fields: WindowFields<never>;
  readonly panes: PaneReader;
}

export class SettledSlider implements WindowSlider {
  readonly #settled: WindowSlider;
  readonly #tail: ValueState<number>;
  readonly #fields: WindowFields<never>;
  readonly #panes: PaneReader;

  constructor({ settled, tail, fields, panes }: SettledSliderOptions) {
    this.#settled = settled;
    this.#tail = tail;
    this.#fields = fields;
    this.#panes = panes;
  }

  advance(from: number, to: number): Slots | undefined {
    const tail = this.#tail.get();
    if (tail === undefined) return this.#settled.advance(from, to);
    const until = Math.max(from, to - tail);
    const slots = this.#fields.create();
    const settled = until === from ? undefined : this.#settled.advance(from, until);
    if (settled !== undefined) this.#fields.merge(slots, 0, settled, 0);
    this.#panes.forEach(until, to, (pane, base) => this.#fields.merge(slots, 0, pane, base));
    return this.#fields.recordsOf(slots) === 0 ? undefined : slots;
  }

  leave(from: number): void {
    this.#settled.leave(from);
  }

  /** Nothing is left of the key. */
  reset(): void {
    this.#settled.reset();
    this.#tail.clear();
  }

  /** A record was added to `pane`; `to` is behind the last pane of the last window that may have closed. */
  onLate(pane: number, to: number): void {
    const depth = to - pane;
    if (depth <= (this.#tail.get() ?? 0)) return;
    this.#settled.reset();
    // In powers of two, so that it grows a few times in the life of a key.
    if (depth <= TAIL_MAX) this.#tail.set(2 ** Math.ceil(Math.log2(depth)));
  }
}

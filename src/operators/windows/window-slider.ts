/** Accumulators of windows that slide over the panes of a key, without a new look at the panes they have in common. */
import type { Slots } from './window-fields.ts';

export interface WindowSlider {
  /**
   * The accumulators of the panes `[from, to)`, neither of which may be less than in the call before. `undefined`: no pane holds records.
   * Valid until the next call, and not to be changed.
   */
  advance(from: number, to: number): Slots | undefined;
  /** The windows to come begin at pane `from` or later: panes before it may be removed behind this. */
  leave(from: number): void;
  /** Records were added to a pane that {@link advance} has passed. */
  reset(): void;
}

/** Where sliders read panes. */
export interface PaneReader {
  /** The panes in `[from, to)` that hold records, ascending. */
  forEach(from: number, to: number, visit: (slots: Slots, base: number, pane: number) => void): void;
  /** The first pane from `from` on that holds records; +Infinity: there is none. */
  firstFrom(from: number): number;
}

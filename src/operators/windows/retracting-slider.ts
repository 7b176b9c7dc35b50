/**
 * A slider for aggregates that can take out again what was merged first: per slide the panes that come in are merged and those that leave
 * are taken out, whatever the size of the window. State per key: one set of accumulators.
 */
import type { StateAccess, ValueState } from '../../model/index.ts';
import type { Slots, WindowFields } from './window-fields.ts';
import type { PaneReader, WindowSlider } from './window-slider.ts';

export const RUNNING_STATE: string = 'running';

/** What lies in the accumulators: the panes `[from, to)`. */
type Running = [from: number, to: number, slots: Slots];

export class RetractingSlider implements WindowSlider {
  readonly #fields: WindowFields<never>;
  readonly #panes: PaneReader;
  readonly #state: ValueState<Running>;

  constructor(state: StateAccess, fields: WindowFields<never>, panes: PaneReader) {
    this.#fields = fields;
    this.#panes = panes;
    this.#state = state.value(RUNNING_STATE);
  }

  advance(from: number, to: number): Slots | undefined {
    this.leave(from);
    const running = this.#state.get() ?? [from, from, this.#fields.create()];
    const slots = running[2];
    this.#panes.forEach(running[1], to, (pane, base) => this.#fields.merge(slots, 0, pane, base));
    running[1] = to;
    this.#state.set(running);
    return this.#fields.recordsOf(slots) === 0 ? undefined : slots;
  }

  leave(from: number): void {
    const running = this.#state.get();
    if (running === undefined || from <= running[0]) return;
    const slots = running[2];
    if (from < running[1]) {
      this.#panes.forEach(running[0], from, (pane, base) => this.#fields.retract(slots, pane, base));
      running[0] = from;
    }
    // Behind the last record an accumulator begins anew, which costs less than one kept for a key without records.
    if (from >= running[1] || this.#fields.recordsOf(slots) === 0) this.#state.clear();
    else this.#state.set(running);
  }

  reset(): void {
    this.#state.clear();
  }
}

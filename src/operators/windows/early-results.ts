/**
 * Results before they are final, every so often of processing time: which windows (or panes) of the current key have changed since the last
 * ones. There is a timer only while something has.
 *
 * Timers stand at multiples of the period, so those of many keys are due together.
 */
import type { DurationMs, StateAccess, TimerQueue, TimestampMs, ValueState } from '../../model/index.ts';

export const EARLY_STATE: string = 'changed';
export const EARLY_TAG: string = 'early';

export class EarlyResults {
  readonly #periodMs: DurationMs;
  readonly #changed: ValueState<number[]>;
  readonly #timers: TimerQueue;

  constructor(state: StateAccess, periodMs: DurationMs) {
    this.#periodMs = periodMs;
    this.#changed = state.value(EARLY_STATE);
    this.#timers = state.timers('processing');
  }

  /** `place` names what has changed; of its few kinds each is told once. */
  onChanged(place: number, now: TimestampMs): void {
    const changed = this.#changed.get();
    if (changed === undefined) {
      this.#changed.set([place]);
      this.#timers.add((Math.floor(now / this.#periodMs) + 1) * this.#periodMs, EARLY_TAG);
    } else if (!changed.includes(place)) {
      changed.push(place);
      this.#changed.set(changed);
    }
  }

  /** The timer has fired: what has changed, ascending. */
  take(): readonly number[] {
    const changed = this.#changed.get() ?? [];
    this.#changed.clear();
    return changed.sort((a, b) => a - b);
  }
}

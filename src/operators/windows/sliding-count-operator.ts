/**
 * Sliding windows by number: the last `size` records of a key, every `slide` records, from the first that fills the window on. Panes and
 * slider are those of sliding windows in time, where the time is the number of the record.
 *
 * At the end of input the records that no window has shown are emitted as one row, together with those they share their window with.
 */
import {
  type DueTimer,
  type Emitter,
  END_OF_TIME,
  type Operator,
  type OperatorContext,
  type StreamRecord,
  type TimerQueue,
  type TimestampMs,
  type ValueState,
} from '../../model/index.ts';
import { createSlider } from './create-slider.ts';
import { PaneStore } from './pane-store.ts';
import { derivePassedAtEnd } from './passed-watermark.ts';
import type { SlideGeometry } from './slide-geometry.ts';
import type { WindowBasis } from './window-basis.ts';
import type { Slots } from './window-fields.ts';
import type { WindowSlider } from './window-slider.ts';

export const POSITION_STATE: string = 'position';

const END_TAG = 'end';
/** These windows have neither start nor end in time. */
const NO_TIME = 0;

/** Records of the key so far, and the next window to close. */
type Position = [records: number, window: number];

export class SlidingCountOperator<In> implements Operator<In> {
  readonly #basis: WindowBasis<In>;
  readonly #geometry: SlideGeometry;
  #panes!: PaneStore<In>;
  #slider!: WindowSlider;
  #position!: ValueState<Position>;
  #timers!: TimerQueue;

  constructor(basis: WindowBasis<In>, geometry: SlideGeometry) {
    this.#basis = basis;
    this.#geometry = geometry;
  }

  open(context: OperatorContext): void {
    const state = this.#basis.open(context);
    this.#panes = new PaneStore(state, this.#basis.fields);
    this.#slider = createSlider(state, this.#basis.fields, this.#panes);
    this.#position = state.value(POSITION_STATE);
    this.#timers = this.#basis.timers(state);
  }

  process(record: StreamRecord<In>, out: Emitter): void {
    const geometry = this.#geometry;
    const position = this.#position.get() ?? [0, 0];
    if (position[0] === 0) this.#timers.add(END_OF_TIME, END_TAG);
    this.#panes.add(geometry.paneAt(position[0]), record);
    position[0]++;
    if (position[0] === geometry.endOf(position[1])) {
      const slots = this.#advance(position[1]);
      this.#basis.emitBehind(record, NO_TIME, NO_TIME, slots, true, out);
      position[1]++;
      const from = geometry.firstPaneOf(position[1]);
      this.#slider.leave(from);
      this.#panes.removeBefore(from);
    }
    this.#position.set(position);
  }

  /** The input has ended. */
  onTimer({ key }: DueTimer, out: Emitter): void {
    const [records, window] = this.#position.get()!;
    const shown = window === 0 ? 0 : this.#geometry.endOf(window - 1);
    if (records > shown) this.#basis.emitAt(key, NO_TIME, NO_TIME, this.#advance(window), true, out);
    this.#slider.reset();
    this.#panes.removeBefore(Number.POSITIVE_INFINITY);
    this.#position.clear();
  }

  outputWatermark(watermark: TimestampMs): TimestampMs {
    return derivePassedAtEnd(watermark);
  }

  #advance(window: number): Slots {
    return this.#slider.advance(this.#geometry.firstPaneOf(window), this.#geometry.endPaneOf(window))!;
  }
}

/**
 * Sliding windows in time. Records are added to panes; windows close in the order of their ends, each made from the one before by a
 * {@link WindowSlider}. What a record and a slide cost does not depend on size / slide.
 *
 * A record may be late for some of its windows: it is in the pane all the same, because the windows it is late for are never looked at again.
 * Windows that are closed and kept for late records are made anew when one comes.
 *
 * One timer per key stands at the next window to close or, where windows are kept longer, at the first chunk of panes to be removed. It may be
 * early, never late, and moves when it fires.
 */
import type {
  DueTimer,
  Emitter,
  Key,
  Operator,
  OperatorContext,
  StreamRecord,
  TimerQueue,
  TimestampMs,
  ValueState,
} from '../../model/index.ts';
import { createSlider } from './create-slider.ts';
import { EARLY_TAG, EarlyResults } from './early-results.ts';
import { NONE, PaneStore } from './pane-store.ts';
import { SettledSlider, TAIL_STATE } from './settled-slider.ts';
import type { SlideGeometry } from './slide-geometry.ts';
import { passingStates, TwoStackSlider } from './two-stack-slider.ts';
import type { WindowBasis } from './window-basis.ts';
import type { Slots } from './window-fields.ts';

export const NEXT_STATE: string = 'next';

const NEXT_TAG = 'next';
const COMPLETE_TAG = 'complete';

/** Where the timer of the key stands, and the next window to close, {@link NONE} where no pane is in a window that is not closed. */
type Next = [timer: TimestampMs, window: number];

export class SlidingWindowOperator<In> implements Operator<In> {
  readonly #basis: WindowBasis<In>;
  readonly #geometry: SlideGeometry;
  #panes!: PaneStore<In>;
  #slider!: SettledSlider;
  #next!: ValueState<Next>;
  #timers!: TimerQueue;
  #early: EarlyResults | undefined;

  constructor(basis: WindowBasis<In>, geometry: SlideGeometry) {
    this.#basis = basis;
    this.#geometry = geometry;
  }

  open(context: OperatorContext): void {
    const state = this.#basis.open(context);
    const { fields, plan } = this.#basis;
    this.#panes = new PaneStore(state, fields);
    this.#slider = new SettledSlider({
      settled: createSlider(state, fields, this.#panes),
      tail: state.value(TAIL_STATE),
      fields,
      panes: this.#panes,
    });
    this.#next = state.value(NEXT_STATE);
    this.#timers = this.#basis.timers(state);
    if (plan.earlyMs > 0) this.#early = new EarlyResults(state, plan.earlyMs);
  }

  process(record: StreamRecord<In>, out: Emitter): void {
    const geometry = this.#geometry;
    const { emit, latenessMs } = this.#basis.plan;
    const time = this.#basis.timeOf(record);
    if (Number.isNaN(time)) {
      this.#basis.refuseLate(record, out);
      return;
    }
    const pane = geometry.paneAt(time);
    const first = geometry.firstWindowWith(pane);
    const last = geometry.lastWindowWith(pane);
    const clock = this.#basis.clock();
    const kept = emit === 'complete' ? first : Math.max(first, geometry.firstOpenAt(clock - latenessMs));
    if (kept > last) {
      this.#basis.refuseLate(record, out);
      return;
    }
    this.#panes.add(pane, record);
    if (emit === 'update') this.#emitChanged(record, kept, last, out);
    if (emit === 'append') this.#onAdded(record, pane, { first, kept, last, open: geometry.firstOpenAt(clock) }, out);
    else this.#keepTimer(NONE);
  }

  onTimer(timer: DueTimer, out: Emitter): void {
    if (timer.tag === EARLY_TAG) this.#onEarly(timer.key, out);
    else if (timer.tag === COMPLETE_TAG) this.#onComplete(timer.key, out);
    else this.#onNext(timer.at, timer.key, out);
  }

  outputWatermark(watermark: TimestampMs): TimestampMs {
    return this.#basis.outputWatermark(
      watermark,
      (time) => this.#geometry.endOf(this.#geometry.firstOpenAt(time - 1)) === time,
    );
  }

  /** A record is in its pane, whose windows are `first` to `last`; those from `kept` on are kept, those from `open` on not closed. */
  #onAdded(
    record: StreamRecord<In>,
    pane: number,
    windows: { readonly first: number; readonly kept: number; readonly last: number; readonly open: number },
    out: Emitter,
  ): void {
    const { first, kept, last, open } = windows;
    if (first < open) this.#slider.onLate(pane, this.#geometry.endPaneOf(open - 1));
    if (kept < open) this.#emitChanged(record, kept, Math.min(last, open - 1), out);
    const firstToClose = Math.max(first, open);
    this.#keepTimer(firstToClose <= last ? firstToClose : NONE);
    if (firstToClose > last) return;
    this.#early?.onChanged(pane, this.#basis.now());
    const { earlyRecords } = this.#basis.plan;
    if (earlyRecords === 0) return;
    this.#sweep(firstToClose, last, (window, slots) => {
      if (this.#basis.fields.recordsOf(slots) % earlyRecords !== 0) return;
      this.#basis.emitBehind(record, this.#geometry.startOf(window), this.#geometry.endOf(window), slots, false, out);
    });
  }

  /** A window has to close, or {@link NONE}; and there is a pane to be removed some day. */
  #keepTimer(window: number): void {
    const next = this.#next.get();
    if (next !== undefined && next[1] <= window) return;
    if (this.#basis.plan.emit === 'complete') {
      this.#next.set([NONE, NONE]);
      this.#timers.add(this.#basis.nextComplete(), COMPLETE_TAG);
    } else this.#moveTimer(next, window);
  }

  #moveTimer(next: Next | undefined, window: number): void {
    const { latenessMs, emit } = this.#basis.plan;
    let at = window === NONE ? NONE : this.#geometry.endOf(window);
    if (emit === 'update' || latenessMs > 0) {
      const removed = this.#geometry.lastWindowWith(this.#panes.lastOfFirstChunk());
      at = Math.min(at, this.#geometry.endOf(removed) + latenessMs);
    }
    if (next !== undefined && next[0] !== at) this.#timers.remove(next[0], NEXT_TAG);
    if (next === undefined || next[0] !== at) this.#timers.add(at, NEXT_TAG);
    this.#next.set([at, window]);
  }

  #onNext(at: TimestampMs, key: Key, out: Emitter): void {
    const geometry = this.#geometry;
    let [, window] = this.#next.get()!;
    if (window !== NONE && geometry.endOf(window) <= at) {
      const from = geometry.firstPaneOf(window);
      const slots = this.#slider.advance(from, geometry.endPaneOf(window));
      if (slots !== undefined) {
        this.#basis.emitAt(key, geometry.startOf(window), geometry.endOf(window), slots, true, out);
      }
      const pane = this.#panes.firstFrom(geometry.firstPaneOf(window + 1));
      window = pane === NONE ? NONE : Math.max(window + 1, geometry.firstWindowWith(pane));
      if (window !== NONE) this.#slider.leave(geometry.firstPaneOf(window));
    }
    const kept = geometry.firstOpenAt(at - this.#basis.plan.latenessMs);
    if (this.#panes.removeBefore(geometry.firstPaneOf(kept))) {
      this.#slider.reset();
      this.#next.clear();
    } else {
      // The timer that fired is gone.
      this.#moveTimer(undefined, window);
    }
  }

  #onEarly(key: Key, out: Emitter): void {
    const geometry = this.#geometry;
    const open = geometry.firstOpenAt(this.#basis.clock());
    let done = Number.NEGATIVE_INFINITY;
    for (const pane of this.#early?.take() ?? []) {
      const first = Math.max(open, geometry.firstWindowWith(pane), done + 1);
      const last = geometry.lastWindowWith(pane);
      this.#sweep(first, last, (window, slots) => {
        this.#basis.emitAt(key, geometry.startOf(window), geometry.endOf(window), slots, false, out);
      });
      done = Math.max(done, last);
    }
  }

  #onComplete(key: Key, out: Emitter): void {
    const geometry = this.#geometry;
    const last = geometry.lastWindowWith(this.#panes.last());
    let pane = this.#panes.firstFrom(Number.NEGATIVE_INFINITY);
    let window = geometry.firstWindowWith(pane);
    // From one stretch of windows with records to the next: between two of them there may be millions without.
    while (pane !== NONE) {
      const until = Math.min(last, geometry.lastWindowWith(pane));
      this.#sweep(window, until, (each, slots) => {
        this.#basis.emitAt(key, geometry.startOf(each), geometry.endOf(each), slots, true, out);
      });
      pane = this.#panes.firstFrom(geometry.firstPaneOf(until + 1));
      window = Math.max(until + 1, pane === NONE ? NONE : geometry.firstWindowWith(pane));
    }
    if (!this.#basis.hasEnded()) this.#timers.add(this.#basis.nextComplete(), COMPLETE_TAG);
  }

  /** Results of windows that a record has changed. */
  #emitChanged(record: StreamRecord<In>, from: number, last: number, out: Emitter): void {
    this.#sweep(from, last, (window, slots) => {
      this.#basis.emitBehind(record, this.#geometry.startOf(window), this.#geometry.endOf(window), slots, true, out);
    });
  }

  /** Makes the windows `first` to `last` anew and shows those that hold records. */
  #sweep(first: number, last: number, visit: (window: number, slots: Slots) => void): void {
    const slider = new TwoStackSlider(passingStates(), this.#basis.fields, this.#panes);
    for (let window = first; window <= last; window++) {
      const from = this.#geometry.firstPaneOf(window);
      const slots = slider.advance(from, this.#geometry.endPaneOf(window));
      if (slots !== undefined) visit(window, slots);
    }
  }
}

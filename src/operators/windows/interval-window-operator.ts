/**
 * Windows that follow one another without overlap: tumbling and calendar windows. A record belongs to one window, so an entry of state is
 * the accumulators of one window, by its start, and a window is one or two timers: its end, and where it is kept longer its removal.
 */
import type {
  DueTimer,
  Emitter,
  MapState,
  Operator,
  OperatorContext,
  StreamRecord,
  TimerQueue,
  TimestampMs,
} from '../../model/index.ts';
import { EARLY_TAG, EarlyResults } from './early-results.ts';
import type { TimeIntervals } from './time-intervals.ts';
import type { WindowBasis } from './window-basis.ts';
import type { Slots } from './window-fields.ts';

/** Accumulators by the start of their window. */
export const INTERVAL_STATE: string = 'windows';

const END_TAG = 'end';
const REMOVAL_TAG = 'remove';
const COMPLETE_TAG = 'complete';

export class IntervalWindowOperator<In> implements Operator<In> {
  readonly #basis: WindowBasis<In>;
  readonly #intervals: TimeIntervals;
  #windows!: MapState<Slots>;
  #timers!: TimerQueue;
  #early: EarlyResults | undefined;

  constructor(basis: WindowBasis<In>, intervals: TimeIntervals) {
    this.#basis = basis;
    this.#intervals = intervals;
  }

  open(context: OperatorContext): void {
    const state = this.#basis.open(context);
    this.#windows = state.map(INTERVAL_STATE);
    this.#timers = this.#basis.timers(state);
    const { earlyMs } = this.#basis.plan;
    if (earlyMs > 0) this.#early = new EarlyResults(state, earlyMs);
  }

  process(record: StreamRecord<In>, out: Emitter): void {
    const basis = this.#basis;
    const { emit, latenessMs } = basis.plan;
    const time = basis.timeOf(record);
    if (Number.isNaN(time)) {
      basis.refuseLate(record, out);
      return;
    }
    const start = this.#intervals.startOf(time);
    const end = this.#intervals.endOf(start);
    const clock = basis.clock();
    if (end + latenessMs <= clock && emit !== 'complete') {
      basis.refuseLate(record, out);
      return;
    }
    let slots = this.#windows.get(start);
    if (slots === undefined) {
      slots = basis.fields.create();
      this.#schedule(end, clock);
    }
    basis.fields.add(slots, 0, record);
    this.#windows.set(start, slots);
    if (emit === 'update' || (emit === 'append' && end <= clock))
      basis.emitBehind(record, start, end, slots, true, out);
    else if (emit === 'append') this.#emitEarly(record, start, end, slots, out);
  }

  onTimer(timer: DueTimer, out: Emitter): void {
    if (timer.tag === EARLY_TAG) this.#onEarly(timer, out);
    else if (timer.tag === COMPLETE_TAG) this.#onComplete(timer, out);
    else if (timer.tag === END_TAG) this.#onEnd(timer, out);
    else this.#windows.delete(this.#intervals.startOf(timer.at - this.#basis.plan.latenessMs - 1));
  }

  outputWatermark(watermark: TimestampMs): TimestampMs {
    return this.#basis.outputWatermark(
      watermark,
      (time) => this.#intervals.endOf(this.#intervals.startOf(time - 1)) === time,
    );
  }

  /** A window has begun for the current key. */
  #schedule(end: TimestampMs, clock: TimestampMs): void {
    const { emit, latenessMs } = this.#basis.plan;
    if (emit === 'complete') this.#timers.add(this.#basis.nextComplete(), COMPLETE_TAG);
    else if (emit === 'append' && end > clock) this.#timers.add(end, END_TAG);
    else this.#timers.add(end + latenessMs, REMOVAL_TAG);
  }

  #emitEarly(record: StreamRecord, start: TimestampMs, end: TimestampMs, slots: Slots, out: Emitter): void {
    const { earlyRecords } = this.#basis.plan;
    this.#early?.onChanged(start, this.#basis.now());
    if (earlyRecords > 0 && this.#basis.fields.recordsOf(slots) % earlyRecords === 0) {
      this.#basis.emitBehind(record, start, end, slots, false, out);
    }
  }

  #onEnd({ at: end, key }: DueTimer, out: Emitter): void {
    const start = this.#intervals.startOf(end - 1);
    this.#basis.emitAt(key, start, end, this.#windows.get(start)!, true, out);
    const { latenessMs } = this.#basis.plan;
    if (latenessMs === 0) this.#windows.delete(start);
    else this.#timers.add(end + latenessMs, REMOVAL_TAG);
  }

  #onEarly({ key }: DueTimer, out: Emitter): void {
    for (const start of this.#early?.take() ?? []) {
      const end = this.#intervals.endOf(start);
      const slots = this.#windows.get(start);
      if (slots !== undefined && end > this.#basis.clock()) this.#basis.emitAt(key, start, end, slots, false, out);
    }
  }

  #onComplete({ key }: DueTimer, out: Emitter): void {
    const all = [...this.#windows.entries()].sort(([a], [b]) => Number(a) - Number(b));
    for (const [start, slots] of all) {
      this.#basis.emitAt(key, Number(start), this.#intervals.endOf(Number(start)), slots, true, out);
    }
    if (!this.#basis.hasEnded()) this.#timers.add(this.#basis.nextComplete(), COMPLETE_TAG);
  }
}

/**
 * Windows made of records that follow one another without overlap: so many records of a key, or all of them (the global window, whose size is
 * infinite). What has not filled a window when the input ends is emitted then.
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
import { EARLY_TAG, EarlyResults } from './early-results.ts';
import { derivePassedAtEnd } from './passed-watermark.ts';
import type { WindowBasis } from './window-basis.ts';
import type { Slots } from './window-fields.ts';

export const RECORD_WINDOW_STATE: string = 'accumulators';

const END_TAG = 'end';
const COMPLETE_TAG = 'complete';
/** These windows have neither start nor end in time. */
const NO_TIME = 0;
/** There is one window of a key. */
const THE_WINDOW = 0;

export class RecordWindowOperator<In> implements Operator<In> {
  readonly #basis: WindowBasis<In>;
  readonly #size: number;
  #slots!: ValueState<Slots>;
  #timers!: TimerQueue;
  #early: EarlyResults | undefined;

  constructor(basis: WindowBasis<In>, size: number) {
    this.#basis = basis;
    this.#size = size;
  }

  open(context: OperatorContext): void {
    const state = this.#basis.open(context);
    this.#slots = state.value(RECORD_WINDOW_STATE);
    this.#timers = this.#basis.timers(state);
    const { earlyMs } = this.#basis.plan;
    if (earlyMs > 0) this.#early = new EarlyResults(state, earlyMs);
  }

  process(record: StreamRecord<In>, out: Emitter): void {
    const { fields, plan } = this.#basis;
    const slots = this.#slots.get() ?? fields.create();
    fields.add(slots, 0, record);
    const records = fields.recordsOf(slots);
    if (records === this.#size) {
      this.#slots.clear();
      if (records > 1 && plan.emit === 'append') this.#timers.remove(END_OF_TIME, END_TAG);
      this.#basis.emitBehind(record, NO_TIME, NO_TIME, slots, true, out);
      return;
    }
    this.#slots.set(slots);
    if (records === 1) this.#begin();
    if (plan.emit === 'update') this.#basis.emitBehind(record, NO_TIME, NO_TIME, slots, true, out);
    this.#early?.onChanged(THE_WINDOW, this.#basis.now());
    if (plan.earlyRecords > 0 && records % plan.earlyRecords === 0) {
      this.#basis.emitBehind(record, NO_TIME, NO_TIME, slots, false, out);
    }
  }

  onTimer({ tag, key }: DueTimer, out: Emitter): void {
    const slots = this.#slots.get();
    if (tag === EARLY_TAG) this.#early?.take();
    if (slots === undefined) return;
    this.#basis.emitAt(key, NO_TIME, NO_TIME, slots, tag !== EARLY_TAG, out);
    if (tag === END_TAG) this.#slots.clear();
    if (tag === COMPLETE_TAG && !this.#basis.hasEnded()) {
      this.#timers.add(this.#basis.nextComplete(), COMPLETE_TAG);
    }
  }

  outputWatermark(watermark: TimestampMs): TimestampMs {
    // With 'update' every row comes with a record, and is no older.
    return this.#basis.plan.emit === 'update' ? watermark : derivePassedAtEnd(watermark);
  }

  #begin(): void {
    const { emit } = this.#basis.plan;
    if (emit === 'append') this.#timers.add(END_OF_TIME, END_TAG);
    if (emit === 'complete') this.#timers.add(this.#basis.nextComplete(), COMPLETE_TAG);
  }
}

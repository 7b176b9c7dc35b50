/**
 * What all window operators share: accumulators and rows, the clock they go by, late records, and how results are emitted.
 *
 * A result has the time `end - 1`, inside its window, so that a second window behind it groups the same results.
 */
import {
  assert,
  type DurationMs,
  type Emitter,
  END_OF_TIME,
  type Key,
  type OperatorContext,
  type StateAccess,
  StreamRecord,
  type TimeDomain,
  type TimerQueue,
  type TimestampMs,
} from '../../model/index.ts';
import type { AggregatorFields } from '../aggregates/aggregator.ts';
import { LATE_OUTPUT_INDEX } from '../late-records.ts';
import { derivePassedAtEnd, derivePassedWatermark } from './passed-watermark.ts';
import type { EmitMode } from './window-definition.ts';
import { type RecordsIn, type Slots, WindowFields } from './window-fields.ts';
import { createWindowRowFactory, type WindowRowFactory } from './window-row-factory.ts';

/** All options of a window node, decided. */
export interface WindowPlan {
  readonly domain: TimeDomain;
  readonly emit: EmitMode;
  readonly latenessMs: DurationMs;
  /** 0: no early results by time. */
  readonly earlyMs: DurationMs;
  /** 0: no early results by number. */
  readonly earlyRecords: number;
  readonly completeEveryMs: DurationMs;
  /** False for windows made of records. */
  readonly hasTimes: boolean;
}

/** Times farther from 1970 than this, about 270,000 years, are no times: calendars end there. */
export const TIME_MAX = 8.6e15;
/** The last multiple below all times. */
const BEFORE_ALL_TIMES = -TIME_MAX;

export class WindowBasis<In = unknown> {
  readonly fields: WindowFields<In>;
  readonly plan: WindowPlan;
  readonly #rowOf: WindowRowFactory;
  readonly #recordsIn: RecordsIn<In>;
  #context!: OperatorContext;

  constructor(fields: AggregatorFields<In>, plan: WindowPlan, recordsIn: RecordsIn<In>) {
    this.fields = new WindowFields(fields, { tracksTime: !plan.hasTimes, recordsIn });
    this.plan = plan;
    this.#recordsIn = recordsIn;
    this.#rowOf = createWindowRowFactory(
      Object.entries(fields).map(([name, aggregator]) => ({ name, aggregator, slot: this.fields.names.indexOf(name) })),
      { hasTimes: plan.hasTimes, hasIsFinal: plan.earlyMs > 0 || plan.earlyRecords > 0 },
    );
  }

  /** The state of the node. */
  open(context: OperatorContext): StateAccess {
    assert(context.state !== undefined, `the windows of '${context.node}' were opened without keyed state`);
    this.#context = context;
    return context.state;
  }

  /** Timers of the domain the windows live in. */
  timers(state: StateAccess): TimerQueue {
    return state.timers(this.plan.domain);
  }

  /** Windows that end at or before it are closed. */
  clock(): TimestampMs {
    return this.plan.domain === 'event' ? this.#context.time.watermark() : this.#context.time.now();
  }

  /** The watermark behind the windows; `isEnd` says whether one may end at a time. */
  outputWatermark(watermark: TimestampMs, isEnd: (time: TimestampMs) => boolean): TimestampMs {
    const { domain, emit, latenessMs } = this.plan;
    if (domain === 'processing') return watermark;
    return emit === 'complete' ? derivePassedAtEnd(watermark) : derivePassedWatermark(watermark, latenessMs, isEnd);
  }

  /** Wall clock, by which early results come. */
  now(): TimestampMs {
    return this.#context.time.now();
  }

  /** The time that decides to which windows a record belongs; NaN where it has none. */
  timeOf(record: StreamRecord): TimestampMs {
    const time = this.plan.domain === 'event' ? record.timestamp : this.#context.time.now();
    return time >= -TIME_MAX && time <= TIME_MAX ? time : Number.NaN;
  }

  refuseLate(record: StreamRecord<In>, out: Emitter): void {
    this.#context.countLate(this.#recordsIn(record.value));
    out.emitTo(LATE_OUTPUT_INDEX, record);
  }

  /** A result that `record` has led to. */
  emitBehind(
    record: StreamRecord,
    start: TimestampMs,
    end: TimestampMs,
    slots: Slots,
    isFinal: boolean,
    out: Emitter,
  ): void {
    const rowOf = this.#rowOf;
    const row = rowOf(record.key, start, end, slots, isFinal);
    out.emit(new StreamRecord(row, record.key, this.#resultTime(end, slots), record.ingestTime));
  }

  /** A result that a timer has led to. */
  emitAt(key: Key, start: TimestampMs, end: TimestampMs, slots: Slots, isFinal: boolean, out: Emitter): void {
    const rowOf = this.#rowOf;
    const row = rowOf(key, start, end, slots, isFinal);
    out.emit(new StreamRecord(row, key, this.#resultTime(end, slots), this.#context.time.ingestTime()));
  }

  /** The first multiple of the period of complete results that the clock has not passed; END_OF_TIME behind the last one. */
  nextComplete(): TimestampMs {
    const { completeEveryMs } = this.plan;
    const clock = Math.max(this.clock(), BEFORE_ALL_TIMES);
    return clock === END_OF_TIME ? END_OF_TIME : (Math.floor(clock / completeEveryMs) + 1) * completeEveryMs;
  }

  /** The input has ended: what fires now fires for the last time. */
  hasEnded(): boolean {
    return this.#context.time.watermark() === END_OF_TIME;
  }

  #resultTime(end: TimestampMs, slots: Slots): TimestampMs {
    return this.plan.hasTimes ? end - 1 : this.fields.timeOf(slots);
  }
}

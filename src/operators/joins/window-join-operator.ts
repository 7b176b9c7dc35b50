/**
 * Pairs of two keyed streams within windows of event time: when a window closes, all its left records of a key meet all its right ones.
 *
 * A row is kept once, whatever the number of its windows, until the last of them has closed. The key has one timer, at the end of the first
 * window that is open and has a row. A record is late when all its windows have closed; where only some have, it takes part in the others.
 *
 * A result has the time `end - 1` of its window.
 */
import {
  assert,
  type DueTimer,
  type Emitter,
  type NodeSignature,
  type Operator,
  type OperatorContext,
  StreamRecord,
  type TimerQueue,
  type TimestampMs,
  type ValueState,
} from '../../model/index.ts';
import { refuseLate } from '../late-records.ts';
import { derivePassedWatermark } from '../windows/passed-watermark.ts';
import type { JoinType } from './join-definition.ts';
import type { JoinWindows } from './join-windows.ts';
import { type TimedRow, TimeOrderedRows, timeOrderedStates } from './time-ordered-rows.ts';

export type SelectInWindow = (
  left: unknown,
  right: unknown,
  window: { readonly start: TimestampMs; readonly end: TimestampMs },
) => unknown;

export interface WindowJoinSettings {
  readonly type: JoinType;
  readonly windows: JoinWindows;
  readonly select: SelectInWindow;
}

interface WindowRow extends TimedRow {
  readonly value: unknown;
}

const TIMER_TAG = 'close';
const NEXT_END = 'nextEnd';
/** Calendars end there: a time beyond it is none. */
const TIME_MAX = 8.6e15;

export const WINDOW_JOIN_STATES: NodeSignature['states'] = [
  ...timeOrderedStates('left'),
  ...timeOrderedStates('right'),
  { name: NEXT_END, kind: 'value' },
  { name: 'timers:event', kind: 'timers' },
];

export class WindowJoinOperator implements Operator {
  readonly #type: JoinType;
  readonly #windows: JoinWindows;
  readonly #select: SelectInWindow;
  #context!: OperatorContext;
  #left!: TimeOrderedRows<WindowRow>;
  #right!: TimeOrderedRows<WindowRow>;
  /** Where the timer of the key is. */
  #nextEnd!: ValueState<TimestampMs>;
  #timers!: TimerQueue;

  constructor({ type, windows, select }: WindowJoinSettings) {
    this.#type = type;
    this.#windows = windows;
    this.#select = select;
  }

  open(context: OperatorContext): void {
    const { state, node } = context;
    assert(state !== undefined, `the window join '${node}' was opened without keyed state`);
    this.#context = context;
    this.#left = new TimeOrderedRows(state, 'left');
    this.#right = new TimeOrderedRows(state, 'right');
    this.#nextEnd = state.value(NEXT_END);
    this.#timers = state.timers('event');
  }

  process(record: StreamRecord, out: Emitter): void {
    this.#keep(record, this.#left, out);
  }

  processSecond(record: StreamRecord, out: Emitter): void {
    this.#keep(record, this.#right, out);
  }

  onTimer(timer: DueTimer, out: Emitter): void {
    const end = timer.at;
    this.#close(timer, out);
    this.#forgetThrough(end, this.#left);
    this.#forgetThrough(end, this.#right);
    const first = Math.min(this.#left.firstTime(), this.#right.firstTime());
    if (first === Number.POSITIVE_INFINITY) {
      this.#nextEnd.clear();
      return;
    }
    const next = this.#windows.firstEnd(first, end);
    this.#nextEnd.set(next);
    this.#timers.add(next, TIMER_TAG);
  }

  outputWatermark(watermark: TimestampMs): TimestampMs {
    return derivePassedWatermark(watermark, 0, (time) => this.#windows.isEnd(time));
  }

  #keep(record: StreamRecord, rows: TimeOrderedRows<WindowRow>, out: Emitter): void {
    const time = record.timestamp;
    const isTimed = time >= -TIME_MAX && time <= TIME_MAX;
    const end = isTimed ? this.#windows.firstEnd(time, this.#context.time.watermark()) : Number.POSITIVE_INFINITY;
    if (end === Number.POSITIVE_INFINITY) {
      refuseLate(record, this.#context, out);
      return;
    }
    rows.insert({ time, value: record.value });
    const nextEnd = this.#nextEnd.get();
    if (nextEnd !== undefined && nextEnd <= end) return;
    if (nextEnd !== undefined) this.#timers.remove(nextEnd, TIMER_TAG);
    this.#nextEnd.set(end);
    this.#timers.add(end, TIMER_TAG);
  }

  #close({ at: end, key }: DueTimer, out: Emitter): void {
    const window = { start: this.#windows.startOf(end), end };
    const lefts = rowsWithin(this.#left, window.start, end);
    const rights = rowsWithin(this.#right, window.start, end);
    const ingestTime = this.#context.time.ingestTime();
    const select = this.#select;
    const emit = (left: unknown, right: unknown): void => {
      out.emit(new StreamRecord(select(left, right, window), key, end - 1, ingestTime));
    };
    if (this.#type === 'semi' || this.#type === 'anti') {
      if (rights.length > 0 === (this.#type === 'semi')) for (const left of lefts) emit(left.value, null);
      return;
    }
    for (const left of lefts) for (const right of rights) emit(left.value, right.value);
    const keepsLeft = this.#type === 'left' || this.#type === 'full';
    const keepsRight = this.#type === 'right' || this.#type === 'full';
    if (keepsLeft && rights.length === 0) for (const left of lefts) emit(left.value, null);
    if (keepsRight && lefts.length === 0) for (const right of rights) emit(null, right.value);
  }

  /** Removes the rows that are in no window behind the one that ends at `end`. */
  #forgetThrough(end: TimestampMs, rows: TimeOrderedRows<WindowRow>): void {
    rows.visit(Number.NEGATIVE_INFINITY, end, (row) => (this.#windows.lastEnd(row.time) <= end ? 'remove' : 'stop'));
  }
}

function rowsWithin(rows: TimeOrderedRows<WindowRow>, start: TimestampMs, end: TimestampMs): readonly WindowRow[] {
  const found: WindowRow[] = [];
  rows.visit(start, end, (row) => {
    if (row.time >= end) return 'stop';
    found.push(row);
    return 'keep';
  });
  return found;
}

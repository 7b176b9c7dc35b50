/**
 * Pairs of two keyed streams by time: inner, left, right and full join. Semi and anti joins, which emit no pairs, are in
 * `semi-join-operator.ts`.
 *
 * A record first meets the rows of the other side, then it is kept. Whether a row has met another is a flag stored with it. A row that ends
 * without (see `join-range.ts`) is emitted with `null` for the other side, once, behind all records of the watermark before.
 */
import {
  type DueTimer,
  type Emitter,
  type Operator,
  type OperatorContext,
  StreamRecord,
  type TimestampMs,
} from '../../model/index.ts';
import { admitInTime } from '../late-records.ts';
import type { JoinType, TimeRange } from './join-definition.ts';
import { derivePassedLag, endOf } from './join-range.ts';
import { JoinSides } from './join-sides.ts';
import type { TimedRow, Verdict } from './time-ordered-rows.ts';

export type SelectPair = (left: unknown, right: unknown) => unknown;

export interface StreamJoinSettings {
  readonly type: Exclude<JoinType, 'semi' | 'anti'>;
  readonly range: TimeRange;
  readonly select: SelectPair;
}

interface JoinRow extends TimedRow {
  readonly value: unknown;
  isMatched: boolean;
}

export class StreamJoinOperator implements Operator {
  readonly #type: JoinType;
  readonly #range: TimeRange;
  readonly #select: SelectPair;
  readonly #keepsLeft: boolean;
  readonly #keepsRight: boolean;
  readonly #lagMs: number;
  #context!: OperatorContext;
  #sides!: JoinSides<JoinRow, JoinRow>;
  /** The record at hand, and whether it has met a row. */
  #record!: StreamRecord;
  #out!: Emitter;
  #isMatched = false;

  constructor({ type, range, select }: StreamJoinSettings) {
    this.#type = type;
    this.#range = range;
    this.#select = select;
    this.#keepsLeft = type === 'left' || type === 'full';
    this.#keepsRight = type === 'right' || type === 'full';
    this.#lagMs = derivePassedLag(type, range);
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#sides = new JoinSides(context, this.#type, this.#range);
  }

  process(record: StreamRecord, out: Emitter): void {
    if (!admitInTime(record, this.#context, out)) return;
    const time = record.timestamp;
    const watermark = this.#context.time.watermark();
    const { left, right } = this.#sides;
    const { beforeMs, afterMs } = this.#range;
    const endedAt = this.#sides.endsAt();
    this.#enter(record, out);
    right.visit(time - beforeMs, time + afterMs, this.#meetRight);
    if (endOf(time, afterMs) > watermark) left.insert({ time, value: record.value, isMatched: this.#isMatched });
    else if (this.#keepsLeft && !this.#isMatched) this.#emitLeft(record.value, record);
    this.#sides.moveTimer(endedAt);
  }

  processSecond(record: StreamRecord, out: Emitter): void {
    if (!admitInTime(record, this.#context, out)) return;
    const time = record.timestamp;
    const watermark = this.#context.time.watermark();
    const { left, right } = this.#sides;
    const { beforeMs, afterMs } = this.#range;
    const endedAt = this.#sides.endsAt();
    this.#enter(record, out);
    left.visit(time - afterMs, time + beforeMs, this.#meetLeft);
    if (endOf(time, beforeMs) > watermark) right.insert({ time, value: record.value, isMatched: this.#isMatched });
    else if (this.#keepsRight && !this.#isMatched) this.#emitRight(record.value, record);
    this.#sides.moveTimer(endedAt);
  }

  onTimer(timer: DueTimer, out: Emitter): void {
    const { time } = this.#context;
    const recordOf = (at: TimestampMs): StreamRecord => new StreamRecord(undefined, timer.key, at, time.ingestTime());
    this.#out = out;
    this.#sides.end(
      time.watermark(),
      (row) => {
        if (this.#keepsLeft && !row.isMatched) this.#emitLeft(row.value, recordOf(row.time));
      },
      (row) => {
        if (this.#keepsRight && !row.isMatched) this.#emitRight(row.value, recordOf(row.time));
      },
    );
  }

  outputWatermark(watermark: TimestampMs): TimestampMs {
    return watermark - this.#lagMs;
  }

  #enter(record: StreamRecord, out: Emitter): void {
    this.#record = record;
    this.#out = out;
    this.#isMatched = false;
  }

  readonly #meetRight = (row: JoinRow): Verdict => {
    const select = this.#select;
    return this.#meet(row, select(this.#record.value, row.value), this.#keepsRight);
  };

  readonly #meetLeft = (row: JoinRow): Verdict => {
    const select = this.#select;
    return this.#meet(row, select(row.value, this.#record.value), this.#keepsLeft);
  };

  #meet(row: JoinRow, pair: unknown, isFlagNeeded: boolean): Verdict {
    const { key, timestamp, ingestTime } = this.#record;
    this.#isMatched = true;
    this.#out.emit(new StreamRecord(pair, key, Math.max(timestamp, row.time), ingestTime));
    if (!isFlagNeeded || row.isMatched) return 'keep';
    row.isMatched = true;
    return 'changed';
  }

  #emitLeft(value: unknown, record: StreamRecord): void {
    const select = this.#select;
    this.#out.emit(record.withValue(select(value, null)));
  }

  #emitRight(value: unknown, record: StreamRecord): void {
    const select = this.#select;
    this.#out.emit(record.withValue(select(null, value)));
  }
}

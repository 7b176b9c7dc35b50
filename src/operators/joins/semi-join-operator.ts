/**
 * Semi and anti join of two keyed streams by time: left records that meet a right one, or none. Emits left records under their own times.
 *
 * Semi: a left record goes on once, at its first match. Anti: when it ends (see `join-range.ts`) without one. Either way a left row has no
 * more to wait for once it has met a right record, and is removed then: what is kept has met none. Of right records only the times are kept.
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
import type { TimeRange } from './join-definition.ts';
import { derivePassedLag, endOf } from './join-range.ts';
import { JoinSides } from './join-sides.ts';
import type { TimedRow, Verdict } from './time-ordered-rows.ts';

export interface SemiJoinSettings {
  readonly type: 'semi' | 'anti';
  readonly range: TimeRange;
  /** Applied to the left values that go on; absent: they go on as they are. */
  readonly select?: ((left: unknown) => unknown) | undefined;
}

interface LeftRow extends TimedRow {
  readonly value: unknown;
}

export class SemiJoinOperator implements Operator {
  readonly #range: TimeRange;
  readonly #type: 'semi' | 'anti';
  readonly #isSemi: boolean;
  readonly #select: ((left: unknown) => unknown) | undefined;
  readonly #lagMs: number;
  #context!: OperatorContext;
  #sides!: JoinSides<LeftRow, TimedRow>;
  #record!: StreamRecord;
  #out!: Emitter;
  #isMatched = false;

  constructor({ type, range, select }: SemiJoinSettings) {
    this.#range = range;
    this.#type = type;
    this.#isSemi = type === 'semi';
    this.#select = select;
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
    this.#out = out;
    this.#isMatched = false;
    right.visit(time - beforeMs, time + afterMs, this.#findAny);
    if (this.#isMatched) {
      if (this.#isSemi) this.#emit(record);
    } else if (endOf(time, afterMs) > watermark) {
      const endedAt = this.#sides.endsAt();
      left.insert({ time, value: record.value });
      this.#sides.moveTimer(endedAt);
    } else if (!this.#isSemi) {
      this.#emit(record);
    }
  }

  processSecond(record: StreamRecord, out: Emitter): void {
    if (!admitInTime(record, this.#context, out)) return;
    const time = record.timestamp;
    const watermark = this.#context.time.watermark();
    const { left, right } = this.#sides;
    const { beforeMs, afterMs } = this.#range;
    const endedAt = this.#sides.endsAt();
    this.#record = record;
    this.#out = out;
    left.visit(time - afterMs, time + beforeMs, this.#meetLeft);
    // A second right record of one time would find nothing that the first does not find.
    if (endOf(time, beforeMs) > watermark && right.latest(time)?.time !== time) right.insert({ time });
    this.#sides.moveTimer(endedAt);
  }

  onTimer(timer: DueTimer, out: Emitter): void {
    const { time } = this.#context;
    this.#out = out;
    this.#sides.end(
      time.watermark(),
      (row) => {
        if (!this.#isSemi) this.#emit(new StreamRecord(row.value, timer.key, row.time, time.ingestTime()));
      },
      () => {},
    );
  }

  outputWatermark(watermark: TimestampMs): TimestampMs {
    return watermark - this.#lagMs;
  }

  readonly #findAny = (): Verdict => {
    this.#isMatched = true;
    return 'stop';
  };

  readonly #meetLeft = (row: LeftRow): Verdict => {
    const { key, ingestTime } = this.#record;
    if (this.#isSemi) this.#emit(new StreamRecord(row.value, key, row.time, ingestTime));
    return 'remove';
  };

  #emit(record: StreamRecord): void {
    const select = this.#select;
    this.#out.emit(select === undefined ? record : record.withValue(select(record.value)));
  }
}

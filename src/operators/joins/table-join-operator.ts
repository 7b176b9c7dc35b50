/**
 * A keyed stream and a keyed table that changes, by the record's time (a temporal join, as in Flink): a record meets the version of the row that
 * held at its event time. It waits until the watermark has come to that time, because a version may still come until then.
 *
 * Of a key's versions are kept the latest that no waiting record is before, and the later ones. Two timers: one for the first record that
 * waits, one for the first version that can be let go of. Results of a key come in the order of their times.
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
} from '../../model/index.ts';
import { admitInTime } from '../late-records.ts';
import { type TimedRow, TimeOrderedRows, timeOrderedStates } from './time-ordered-rows.ts';

export interface TableJoinSettings {
  readonly type: 'inner' | 'left';
  readonly isDelete: ((row: unknown) => boolean) | undefined;
  readonly select: (left: unknown, row: unknown) => unknown;
}

interface WaitingRow extends TimedRow {
  readonly value: unknown;
}

/** At most one of each time: a later one replaces it. */
interface VersionRow extends TimedRow {
  /** Undefined where it ends the row. */
  readonly value: unknown;
  readonly isEnd: boolean;
}

const JOIN_TAG = 'join';
const PRUNE_TAG = 'prune';

export const TABLE_JOIN_STATES: NodeSignature['states'] = [
  ...timeOrderedStates('waiting'),
  ...timeOrderedStates('versions'),
  { name: 'timers:event', kind: 'timers' },
];

export class TableJoinOperator implements Operator {
  readonly #settings: TableJoinSettings;
  #context!: OperatorContext;
  #waiting!: TimeOrderedRows<WaitingRow>;
  #versions!: TimeOrderedRows<VersionRow>;
  #timers!: TimerQueue;

  constructor(settings: TableJoinSettings) {
    this.#settings = settings;
  }

  open(context: OperatorContext): void {
    const { state, node } = context;
    assert(state !== undefined, `the table join '${node}' was opened without keyed state`);
    this.#context = context;
    this.#waiting = new TimeOrderedRows(state, 'waiting');
    this.#versions = new TimeOrderedRows(state, 'versions');
    this.#timers = state.timers('event');
  }

  process(record: StreamRecord, out: Emitter): void {
    if (!admitInTime(record, this.#context, out)) return;
    const wasAt = this.#waiting.firstTime();
    this.#waiting.insert({ time: record.timestamp, value: record.value });
    this.#moveTimer(JOIN_TAG, wasAt, this.#waiting.firstTime());
  }

  processSecond(record: StreamRecord, out: Emitter): void {
    if (!admitInTime(record, this.#context, out)) return;
    const { isDelete } = this.#settings;
    const time = record.timestamp;
    const wasAt = this.#pruneAt();
    const isEnd = isDelete?.(record.value) === true;
    this.#versions.visit(time, time, () => 'remove');
    this.#versions.insert({ time, value: isEnd ? undefined : record.value, isEnd });
    this.#moveTimer(PRUNE_TAG, wasAt, this.#pruneAt());
  }

  onTimer(timer: DueTimer, out: Emitter): void {
    if (timer.tag === JOIN_TAG) {
      this.#join(timer, out);
      this.#moveTimer(JOIN_TAG, Number.POSITIVE_INFINITY, this.#waiting.firstTime());
    } else {
      this.#prune();
      this.#moveTimer(PRUNE_TAG, Number.POSITIVE_INFINITY, this.#pruneAt());
    }
  }

  #join({ key }: DueTimer, out: Emitter): void {
    const { time } = this.#context;
    const { type, select } = this.#settings;
    const ingestTime = time.ingestTime();
    this.#waiting.visit(Number.NEGATIVE_INFINITY, time.watermark(), (row) => {
      const version = this.#versions.latest(row.time);
      const held = version !== undefined && !version.isEnd;
      if (held || type === 'left') {
        out.emit(new StreamRecord(select(row.value, held ? version.value : null), key, row.time, ingestTime));
      }
      return 'remove';
    });
  }

  /** Whoever still asks does so for a time at or behind the watermark, or waits already. An end that nothing is before says nothing. */
  #prune(): void {
    const before = Math.min(this.#context.time.watermark(), this.#waiting.firstTime());
    const held = this.#versions.latest(before);
    this.#versions.visit(Number.NEGATIVE_INFINITY, before, (version) =>
      version.time === held?.time && !version.isEnd ? 'keep' : 'remove',
    );
  }

  /** When the first version can be let go of: where the second begins, or at once when it is an end. +Infinity: the only one is kept. */
  #pruneAt(): TimestampMs {
    let first: VersionRow | undefined;
    let at = Number.POSITIVE_INFINITY;
    this.#versions.visit(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, (version) => {
      if (first !== undefined || version.isEnd) {
        at = version.time;
        return 'stop';
      }
      first = version;
      return 'keep';
    });
    return at;
  }

  #moveTimer(tag: string, from: TimestampMs, to: TimestampMs): void {
    if (from === to) return;
    if (from !== Number.POSITIVE_INFINITY) this.#timers.remove(from, tag);
    if (to !== Number.POSITIVE_INFINITY) this.#timers.add(to, tag);
  }
}

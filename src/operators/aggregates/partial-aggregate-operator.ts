/**
 * Aggregates the records of each key and pane until it is flushed, then emits one record for each: fewer records cross the exchange
 * behind it, and a key that most records have costs no more than another.
 *
 * Where nearly every record has a key of its own a partial aggregate costs more than its record: the operator then lets records through as
 * they are for a while, and tries again. Results are the same either way.
 *
 * What it holds is nobody's state: it is flushed before every marker and watermark and at the end of each step, and by itself when there
 * are too many groups (I8).
 */
import {
  type Emitter,
  type Key,
  type MonotonicMs,
  type Operator,
  StreamRecord,
  type TimestampMs,
} from '../../model/index.ts';
import { addRecord } from './add-record.ts';
import type { Aggregator, AggregatorFields } from './aggregator.ts';
import { type PartialAggregate, singlePartial } from './partial-aggregate.ts';

/** Keys and panes held at most: what a step of records may have, several times over. */
const GROUPS_MAX = 4096;

/** Records over which it is judged whether aggregation is worth it, and records that then pass before the next attempt. */
const JUDGED_RECORDS = 1024;
const PASSING_RECORDS = 32_768;

/** Groups per record from which on it is not. */
const GROUPS_PER_RECORD_MAX = 0.5;

export interface PartialAggregateOptions<In> {
  /** All of them can merge. */
  readonly fields: AggregatorFields<In>;
  /** Times for which it is the same are in the same windows, and so is the result. NaN for times that are in none. */
  readonly paneOf: (timestamp: TimestampMs) => TimestampMs;
}

interface Group {
  readonly key: Key | undefined;
  readonly pane: TimestampMs;
  /** Of the first record. */
  readonly ingestTime: MonotonicMs;
  readonly accumulators: unknown[];
  records: number;
  /** Another pane of the same key. */
  readonly next: Group | undefined;
}

export class PartialAggregateOperator<In> implements Operator<In, PartialAggregate> {
  readonly #names: readonly string[];
  readonly #aggregators: readonly Aggregator<In, unknown, unknown>[];
  readonly #paneOf: (timestamp: TimestampMs) => TimestampMs;
  /** The pane of each key that began last. */
  readonly #groups: Map<Key | undefined, Group> = new Map();
  /** In the order in which they began, which is the order in which they are emitted. */
  readonly #order: Group[] = [];
  /** Since the last judgement. */
  #records = 0;
  #emitted = 0;
  #passingLeft = 0;

  constructor({ fields, paneOf }: PartialAggregateOptions<In>) {
    this.#names = Object.keys(fields).sort();
    this.#aggregators = this.#names.map((name) => fields[name]!);
    this.#paneOf = paneOf;
  }

  process(record: StreamRecord<In>, out: Emitter<PartialAggregate>): void {
    if (this.#passingLeft > 0) {
      this.#passingLeft--;
      out.emit(record.withValue(singlePartial(record.value)));
      return;
    }
    const paneOf = this.#paneOf;
    const pane = paneOf(record.timestamp);
    if (Number.isNaN(pane)) {
      out.emit(record.withValue(singlePartial(record.value)));
      return;
    }
    const group = this.#groupOf(record, pane);
    addRecord(this.#names, this.#aggregators, group.accumulators, record);
    group.records++;
    this.#records++;
    if (this.#order.length >= GROUPS_MAX) this.flush(out);
  }

  flush(out: Emitter<PartialAggregate>): void {
    const order = this.#order;
    if (order.length === 0) return;
    for (const { key, pane, ingestTime, records, accumulators } of order) {
      out.emit(new StreamRecord({ records, accumulators, value: undefined }, key, pane, ingestTime));
    }
    this.#emitted += order.length;
    order.length = 0;
    this.#groups.clear();
    if (this.#records >= JUDGED_RECORDS) this.#judge();
  }

  /** Nothing is held: what is let through overtakes nothing. */
  #judge(): void {
    if (this.#emitted > GROUPS_PER_RECORD_MAX * this.#records) this.#passingLeft = PASSING_RECORDS;
    this.#records = 0;
    this.#emitted = 0;
  }

  #groupOf({ key, ingestTime }: StreamRecord<In>, pane: TimestampMs): Group {
    const newest = this.#groups.get(key);
    for (let group = newest; group !== undefined; group = group.next) if (group.pane === pane) return group;
    const accumulators = this.#aggregators.map((aggregator) => aggregator.create());
    const group: Group = { key, pane, ingestTime, accumulators, records: 0, next: newest };
    this.#groups.set(key, group);
    this.#order.push(group);
    return group;
  }
}

/**
 * Aggregates the records of each key and pane until it is flushed, then emits one record for each: fewer records cross the exchange
 * behind it, and a key that most records have costs no more than another.
 *
 * What it holds is nobody's state: it is flushed before every marker and watermark and at the end of each step, and by itself when there
 * are too many groups (I8). Records without a time pass through: the window counts them.
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
import type { PartialAggregate } from './partial-aggregate.ts';

/** Keys and panes held at most: what a step of records may have, several times over. */
const GROUPS_MAX = 4096;

export interface PartialAggregateOptions<In> {
  /** All of them can merge. */
  readonly fields: AggregatorFields<In>;
  /** Times for which it is the same are in the same windows, and so is the result. */
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

  constructor({ fields, paneOf }: PartialAggregateOptions<In>) {
    this.#names = Object.keys(fields).sort();
    this.#aggregators = this.#names.map((name) => fields[name]!);
    this.#paneOf = paneOf;
  }

  process(record: StreamRecord<In>, out: Emitter<PartialAggregate>): void {
    if (Number.isNaN(record.timestamp)) {
      out.emit(record.withValue({ records: 1, accumulators: [] }));
      return;
    }
    const paneOf = this.#paneOf;
    const group = this.#groupOf(record, paneOf(record.timestamp));
    addRecord(this.#names, this.#aggregators, group.accumulators, record);
    group.records++;
    if (this.#order.length >= GROUPS_MAX) this.flush(out);
  }

  flush(out: Emitter<PartialAggregate>): void {
    const order = this.#order;
    if (order.length === 0) return;
    for (const { key, pane, ingestTime, records, accumulators } of order) {
      out.emit(new StreamRecord({ records, accumulators }, key, pane, ingestTime));
    }
    order.length = 0;
    this.#groups.clear();
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

/**
 * Running aggregates over each key: one row per record, the last row of a key being its final value.
 *
 * All accumulators of a node are one value state, an array in the alphabetical order of the fields: one state access per
 * record, and the order in which a job lists its fields may change over a restart.
 */

import type { StreamRecord, ValueState } from '../../model/index.ts';
import { assert, type Emitter, type Operator, type OperatorContext } from '../../model/index.ts';
import { addRecord } from './add-record.ts';
import type { Aggregator, AggregatorFields } from './aggregator.ts';
import { createRowFactory, type Row, type RowFactory } from './row-factory.ts';

/** Name of the one state of an aggregate node. */
export const AGGREGATE_STATE: string = 'accumulators';

export class AggregateOperator<In> implements Operator<In, Row> {
  /** Names and aggregators in the order of the accumulators. */
  readonly #fields: readonly string[];
  readonly #aggregators: readonly Aggregator<In, unknown, unknown>[];
  readonly #rowOf: RowFactory;
  #state!: ValueState<unknown[]>;

  constructor(fields: AggregatorFields<In>) {
    this.#fields = Object.keys(fields).sort();
    this.#aggregators = this.#fields.map((name) => fields[name]!);
    this.#rowOf = createRowFactory(
      Object.entries(fields).map(([name, aggregator]) => ({ name, aggregator, slot: this.#fields.indexOf(name) })),
    );
  }

  open(context: OperatorContext): void {
    assert(context.state !== undefined, `the aggregate '${context.node}' was opened without keyed state`);
    this.#state = context.state.value<unknown[]>(AGGREGATE_STATE);
  }

  process(record: StreamRecord<In>, out: Emitter<Row>): void {
    const accumulators = this.#state.get() ?? this.#aggregators.map((aggregator) => aggregator.create());
    addRecord(this.#fields, this.#aggregators, accumulators, record);
    this.#state.set(accumulators);
    const rowOf = this.#rowOf;
    out.emit(record.withValue(rowOf(record.key, accumulators)));
  }
}

/**
 * Running aggregates over each key: one row per record, the last row of a key being its final value.
 *
 * All accumulators of a node are one value state, an array in the alphabetical order of the fields: one state access per
 * record, and the order in which a job lists its fields may change over a restart.
 */

import type { StreamRecord, ValueState } from '../../model/index.ts';
import { assert, type Emitter, type Operator, type OperatorContext, OperatorError } from '../../model/index.ts';
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
    this.#add(record, accumulators);
    this.#state.set(accumulators);
    const rowOf = this.#rowOf;
    out.emit(record.withValue(rowOf(record.key, accumulators)));
  }

  #add(record: StreamRecord<In>, accumulators: unknown[]): void {
    const aggregators = this.#aggregators;
    let slot = 0;
    try {
      for (; slot < aggregators.length; slot++) {
        accumulators[slot] = aggregators[slot]!.add(accumulators[slot], record.value, record.timestamp);
      }
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new OperatorError(`the field '${this.#fields[slot]}' cannot take the record: ${reason}`, {
        key: String(record.key),
        cause,
      });
    }
  }
}

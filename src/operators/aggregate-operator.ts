/**
 * Running aggregates over each key: one row per record, the last row of a key being its final value.
 *
 * All accumulators of a node are one value state, an array in the alphabetical order of the fields: one state access per
 * record, and the order in which a job lists its fields may change over a restart.
 */

import type { Key, StreamRecord, ValueState } from '../model/index.ts';
import { assert, type Emitter, type Operator, type OperatorContext, OperatorError } from '../model/index.ts';
import type { Aggregator, AggregatorFields } from './aggregator.ts';

/** Name of the one state of an aggregate node. */
export const AGGREGATE_STATE: string = 'accumulators';

type Row = Record<string, unknown>;

export class AggregateOperator<In> implements Operator<In, Row> {
  /** In the order of storing. */
  readonly #aggregators: readonly Aggregator<In, unknown, unknown>[];
  readonly #fields: readonly string[];
  /** All fields of a row in the order the job lists them. A spread of it gives every row one hidden class. */
  readonly #template: Row;
  #state!: ValueState<unknown[]>;

  constructor(fields: AggregatorFields<In>) {
    this.#fields = Object.keys(fields).sort();
    this.#aggregators = this.#fields.map((field) => fields[field]!);
    this.#template = { key: undefined };
    for (const field of Object.keys(fields)) this.#template[field] = undefined;
  }

  open(context: OperatorContext): void {
    assert(context.state !== undefined, `the aggregate '${context.node}' was opened without keyed state`);
    this.#state = context.state.value<unknown[]>(AGGREGATE_STATE);
  }

  process(record: StreamRecord<In>, out: Emitter<Row>): void {
    const accumulators = this.#state.get() ?? this.#aggregators.map((aggregator) => aggregator.create());
    this.#addTo(accumulators, record);
    this.#state.set(accumulators);
    out.emit(record.withValue(this.#rowOf(record.key, accumulators)));
  }

  #addTo(accumulators: unknown[], record: StreamRecord<In>): void {
    const aggregators = this.#aggregators;
    let i = 0;
    try {
      for (; i < aggregators.length; i++) accumulators[i] = aggregators[i]!.add(accumulators[i], record.value);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new OperatorError(
        `the field '${this.#fields[i]}' could not take a record of key ${String(record.key)}: ${reason}`,
        {
          key: String(record.key),
          cause,
        },
      );
    }
  }

  #rowOf(key: Key | undefined, accumulators: readonly unknown[]): Row {
    const row = { ...this.#template };
    row['key'] = key;
    for (let i = 0; i < accumulators.length; i++) row[this.#fields[i]!] = this.#aggregators[i]!.result(accumulators[i]);
    return row;
  }
}

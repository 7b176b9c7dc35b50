/**
 * Local aggregation before the exchange: what the records of one key and one pane of a window have come to in the subtask that read them,
 * on its way to the window.
 *
 * All records of a pane belong to the same windows, so a partial aggregate is late as a whole or not at all, and the window loses nothing
 * by seeing one time for all of them. The records themselves are gone: nobody may ask for those that came too late.
 */
import type { Aggregator, AggregatorFields } from './aggregator.ts';

/**
 * The value of a record whose key is that of its records and whose timestamp is a time of their pane. Plain data, and always with these three
 * fields: a frame of values of one shape is encoded fastest.
 */
export interface PartialAggregate {
  /** How many it stands for. */
  readonly records: number;
  /** In the alphabetical order of the fields. Absent: it is one record, which was not worth it, or has no place in time. */
  readonly accumulators: readonly unknown[] | undefined;
  /** That record. */
  readonly value: unknown;
}

/** One record on its own. */
export function singlePartial(value: unknown): PartialAggregate {
  return { records: 1, accumulators: undefined, value };
}

/** Why aggregates with these fields cannot be computed in parts; `undefined` where they can. */
export function findPartialProblem(fields: AggregatorFields<never>): string | undefined {
  const lacking = Object.keys(fields).filter((name) => fields[name]!.merge === undefined);
  if (lacking.length === 0) return undefined;
  return `local aggregation needs aggregates that can merge, and ${lacking.map((name) => `'${name}'`).join(', ')} cannot`;
}

/** `fields` as a window has to see them when its records are partial aggregates. They keep the same state, under the same names. */
export function fieldsOfPartials<In>(fields: AggregatorFields<In>): AggregatorFields<PartialAggregate> {
  const slots = Object.keys(fields).sort();
  const merging = Object.entries(fields).map(([name, aggregator]) => [
    name,
    aggregatorOfPartials(aggregator, slots.indexOf(name)),
  ]);
  return Object.fromEntries(merging) as AggregatorFields<PartialAggregate>;
}

/** Not by spreading: what a user gives may be an instance of a class. */
function aggregatorOfPartials<In>(
  aggregator: Aggregator<In, unknown, unknown>,
  slot: number,
): Aggregator<PartialAggregate, unknown, unknown> {
  const merge = (accumulator: unknown, later: unknown): unknown => aggregator.merge!(accumulator, later);
  return {
    name: aggregator.name,
    create: () => aggregator.create(),
    add(accumulator, { accumulators, value }, timestamp) {
      return accumulators === undefined
        ? aggregator.add(accumulator, value as In, timestamp)
        : merge(accumulator, accumulators[slot]);
    },
    ...(aggregator.merge !== undefined && { merge }),
    ...(aggregator.retract !== undefined && {
      retract: (accumulator: unknown, earliest: unknown) => aggregator.retract!(accumulator, earliest),
    }),
    result: (accumulator) => aggregator.result(accumulator),
  };
}

import { OperatorError, type StreamRecord } from '../../model/index.ts';
import type { Aggregator } from './aggregator.ts';

/**
 * Adds a record to the accumulators of its group, in place; both lists are in the order of `names`. Throws `OperatorError` with the field
 * that cannot take it.
 */
export function addRecord<In>(
  names: readonly string[],
  aggregators: readonly Aggregator<In, unknown, unknown>[],
  accumulators: unknown[],
  record: StreamRecord<In>,
): void {
  let slot = 0;
  try {
    for (; slot < aggregators.length; slot++) {
      accumulators[slot] = aggregators[slot]!.add(accumulators[slot], record.value, record.timestamp);
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OperatorError(`the field '${names[slot]}' cannot take the record: ${reason}`, {
      key: String(record.key),
      cause,
    });
  }
}

/**
 * Makes the row of a window from its accumulators: `{ key, windowStart, windowEnd, ...values }`, without the times for windows that have none,
 * with `isFinal` where there are early results.
 *
 * Hot: one call per window and key. The stores of up to four fields are written out for the reason given in
 * `aggregates/row-factory.ts`.
 */
import type { Key, TimestampMs } from '../../model/index.ts';
import type { Row, RowField } from '../aggregates/row-factory.ts';
import type { Slots } from './window-fields.ts';

export type WindowRowFactory = (
  key: Key | undefined,
  start: TimestampMs,
  end: TimestampMs,
  slots: Slots,
  isFinal: boolean,
) => Row;

type Fill = (row: Row, slots: Slots) => void;

export interface WindowRowShape {
  readonly hasTimes: boolean;
  readonly hasIsFinal: boolean;
}

/** The values in the order of `fields`. */
export function createWindowRowFactory(fields: readonly RowField[], shape: WindowRowShape): WindowRowFactory {
  const fill = createFill(fields);
  const { hasTimes, hasIsFinal } = shape;
  return (key, start, end, slots, isFinal) => {
    const row: Row = hasTimes ? { key, windowStart: start, windowEnd: end } : { key };
    fill(row, slots);
    if (hasIsFinal) row['isFinal'] = isFinal;
    return row;
  };
}

function createFill(fields: readonly RowField[]): Fill {
  const [a, b, c, d] = fields;
  if (a === undefined || fields.length > 4) return fillByLoop(fields);
  if (b === undefined) return fillOne(a);
  if (c === undefined) return fillTwo(a, b);
  return d === undefined ? fillThree(a, b, c) : fillFour(a, b, c, d);
}

function fillByLoop(fields: readonly RowField[]): Fill {
  return (row, slots) => {
    for (const { name, slot, aggregator } of fields) row[name] = aggregator.result(slots[slot] as never);
  };
}

function fillOne(a: RowField): Fill {
  const nameA = a.name;
  return (row, slots) => {
    row[nameA] = a.aggregator.result(slots[a.slot] as never);
  };
}

function fillTwo(a: RowField, b: RowField): Fill {
  const [nameA, nameB] = [a.name, b.name];
  return (row, slots) => {
    row[nameA] = a.aggregator.result(slots[a.slot] as never);
    row[nameB] = b.aggregator.result(slots[b.slot] as never);
  };
}

function fillThree(a: RowField, b: RowField, c: RowField): Fill {
  const [nameA, nameB, nameC] = [a.name, b.name, c.name];
  return (row, slots) => {
    row[nameA] = a.aggregator.result(slots[a.slot] as never);
    row[nameB] = b.aggregator.result(slots[b.slot] as never);
    row[nameC] = c.aggregator.result(slots[c.slot] as never);
  };
}

function fillFour(a: RowField, b: RowField, c: RowField, d: RowField): Fill {
  const [nameA, nameB, nameC, nameD] = [a.name, b.name, c.name, d.name];
  return (row, slots) => {
    row[nameA] = a.aggregator.result(slots[a.slot] as never);
    row[nameB] = b.aggregator.result(slots[b.slot] as never);
    row[nameC] = c.aggregator.result(slots[c.slot] as never);
    row[nameD] = d.aggregator.result(slots[d.slot] as never);
  };
}

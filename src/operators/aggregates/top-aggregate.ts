/**
 * The records with the largest values of a field. Kept as two lists side by side, largest first; of equal values the one that came
 * first is in front.
 */
import { OptionError } from '../../model/index.ts';
import type { Aggregator } from './aggregator.ts';
import { compareOrdered, type Ordered, toOrdered } from './field-value.ts';

/** `selected` is empty where the values themselves are the result. */
export type TopEntries = [values: Ordered[], selected: unknown[]];

export const TOP_MAX = 10_000;

/** The `n` largest values of `field`, largest first. Values of the types of `max`. */
export function top<In, V extends Ordered | null | undefined>(
  field: (value: In) => V,
  n: number,
): Aggregator<In, TopEntries, NonNullable<V>[]>;
/** What `select` takes from the `n` records with the largest values of `field`, largest first; of equal ones the first to come. */
export function top<In, V extends Ordered | null | undefined, Selected>(
  field: (value: In) => V,
  n: number,
  select: (value: In) => Selected,
): Aggregator<In, TopEntries, Selected[]>;
export function top<In>(
  field: (value: In) => Ordered | null | undefined,
  n: number,
  select?: (value: In) => unknown,
): Aggregator<In, TopEntries, unknown[]> {
  if (!Number.isInteger(n) || n < 1 || n > TOP_MAX) {
    throw new OptionError(`top takes a whole number of values from 1 to ${TOP_MAX}, not ${n}`);
  }
  return {
    name: select === undefined ? `top:${n}` : `top:${n}:selected`,
    create: () => [[], []],
    add(accumulator, record) {
      const value = toOrdered('top', field(record));
      if (value === undefined) return accumulator;
      const place = placeOf(accumulator[0], value);
      if (place < n) insert(accumulator, place, n, value, select === undefined ? NOT_SELECTED : select(record));
      return accumulator;
    },
    merge(accumulator, later) {
      const [values, selected] = later;
      for (let i = 0; i < values.length; i++) {
        const place = placeOf(accumulator[0], values[i]!);
        // What follows is no larger.
        if (place >= n) break;
        insert(accumulator, place, n, values[i]!, select === undefined ? NOT_SELECTED : selected[i]);
      }
      return accumulator;
    },
    result: (accumulator) => (select === undefined ? accumulator[0] : accumulator[1]).slice(),
  };
}

const NOT_SELECTED: unique symbol = Symbol('not selected');

/** Behind all that are at least as large. */
function placeOf(values: readonly Ordered[], value: Ordered): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareOrdered('top', values[middle]!, value) >= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function insert(entries: TopEntries, place: number, n: number, value: Ordered, selected: unknown): void {
  const isFull = entries[0].length === n;
  entries[0].splice(place, 0, value);
  if (isFull) entries[0].pop();
  if (selected === NOT_SELECTED) return;
  entries[1].splice(place, 0, selected);
  if (isFull) entries[1].pop();
}

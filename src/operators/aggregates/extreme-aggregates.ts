/** The smallest and the largest value of a field. */
import type { Aggregator } from './aggregator.ts';
import { compareOrdered, type Ordered, type OrderedResult, toOrdered } from './field-value.ts';

/**
 * Smallest value of `field`: numbers, strings (compared by code units, so that ISO dates of one form are in order), bigints or dates, all
 * of one type.
 */
export function min<In, V extends Ordered | null | undefined>(
  field: (value: In) => V,
): Aggregator<In, Ordered | null, OrderedResult<V>> {
  return extreme('min', field, -1);
}

/** Largest value of `field`; of the same types as `min`. */
export function max<In, V extends Ordered | null | undefined>(
  field: (value: In) => V,
): Aggregator<In, Ordered | null, OrderedResult<V>> {
  return extreme('max', field, 1);
}

function extreme<In, V>(
  name: string,
  field: (value: In) => V,
  sign: number,
): Aggregator<In, Ordered | null, OrderedResult<V>> {
  const better = (accumulator: Ordered | null, candidate: Ordered): Ordered =>
    accumulator === null || compareOrdered(name, candidate, accumulator) * sign > 0 ? candidate : accumulator;
  return {
    name,
    create: () => null,
    add(accumulator, value) {
      const candidate = toOrdered(name, field(value));
      return candidate === undefined ? accumulator : better(accumulator, candidate);
    },
    merge: (accumulator, later) => (later === null ? accumulator : better(accumulator, later)),
    result: (accumulator) => accumulator as OrderedResult<V>,
  };
}

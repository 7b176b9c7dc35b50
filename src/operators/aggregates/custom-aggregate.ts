import { OperatorError } from '../../model/index.ts';
import type { Aggregator } from './aggregator.ts';

/**
 * An aggregate of your own. With `merge` it can be used in sliding and session windows; with `retract` (see {@link Aggregator}) sliding
 * windows cost less.
 *
 * @example
 * ```ts
 * const longest = aggregates.custom({
 *   name: 'longest-word',
 *   create: () => '',
 *   add: (longest: string, line: string) => line.split(' ').reduce((a, b) => (b.length > a.length ? b : a), longest),
 *   merge: (longest, later) => (later.length > longest.length ? later : longest),
 *   result: (longest) => longest,
 * });
 * ```
 */
export function custom<In, Accumulator, Result>(
  definition: Aggregator<In, Accumulator, Result>,
): Aggregator<In, Accumulator, Result> {
  const { name } = definition;
  const kept = (method: string, next: Accumulator): Accumulator => {
    if (next !== undefined) return next;
    throw new OperatorError(
      `${method} of the custom aggregate '${name}' returned nothing; it must return the accumulator`,
    );
  };
  return {
    name: `custom:${name}`,
    create: () => definition.create(),
    add: (accumulator, value, timestamp) => kept('add', definition.add(accumulator, value, timestamp)),
    ...(definition.merge !== undefined && {
      merge: (accumulator, later) => kept('merge', definition.merge!(accumulator, later)),
    }),
    ...(definition.retract !== undefined && {
      retract: (accumulator, earliest) => kept('retract', definition.retract!(accumulator, earliest)),
    }),
    result: (accumulator) => definition.result(accumulator),
  };
}

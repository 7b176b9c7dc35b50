/** Values of a field by when they came: the first, the last, all of them. */
import { OperatorError, OptionError, TIME_UNSET, type TimestampMs } from '../../model/index.ts';
import type { Aggregator } from './aggregator.ts';

/** `null` where the field may be missing. */
export type Present<V> = V extends null | undefined ? null : V;

/** A value and its event time; {@link TIME_UNSET} where it has none. */
export type Stamped = [time: TimestampMs, value: unknown];

/** `field` of the record with the earliest event time; of equal ones the first to come. Records without a time count as before all others. */
export function first<In, V>(field: (value: In) => V): Aggregator<In, Stamped | null, Present<V>> {
  return atEnd('first', field, (kept, candidate) => candidate < kept);
}

/** `field` of the record with the latest event time; of equal ones the last to come. Records without a time count as before all others. */
export function last<In, V>(field: (value: In) => V): Aggregator<In, Stamped | null, Present<V>> {
  return atEnd('last', field, (kept, candidate) => candidate >= kept);
}

function atEnd<In, V>(
  name: string,
  field: (value: In) => V,
  replaces: (kept: TimestampMs, candidate: TimestampMs) => boolean,
): Aggregator<In, Stamped | null, Present<V>> {
  return {
    name,
    create: () => null,
    add(accumulator, record, timestamp) {
      const value = field(record);
      if (value === null || value === undefined) return accumulator;
      const time = Number.isNaN(timestamp) ? TIME_UNSET : timestamp;
      if (accumulator === null) return [time, value];
      if (replaces(accumulator[0], time)) {
        accumulator[0] = time;
        accumulator[1] = value;
      }
      return accumulator;
    },
    merge(accumulator, later) {
      if (later === null) return accumulator;
      if (accumulator === null || replaces(accumulator[0], later[0])) return [later[0], later[1]];
      return accumulator;
    },
    result: (accumulator) => (accumulator === null ? null : accumulator[1]) as Present<V>,
  };
}

export const COLLECT_LIMIT = 10_000;

export interface CollectOptions {
  /** Most values of one key (and window). Default 10,000. */
  readonly limit?: number | undefined;
  /** What happens beyond it. Default 'fail': the record fails, with its key. */
  readonly beyond?: 'fail' | 'keepFirst' | 'keepLast' | undefined;
}

/** All values of `field`, in the order in which they came. They are state: bounded by {@link CollectOptions.limit}. */
export function collect<In, V>(
  field: (value: In) => V,
  options: CollectOptions = {},
): Aggregator<In, NonNullable<V>[], NonNullable<V>[]> {
  const limit = options.limit ?? COLLECT_LIMIT;
  const beyond = options.beyond ?? 'fail';
  if (!Number.isInteger(limit) || limit < 1) {
    throw new OptionError(`the limit of collect is a whole number of at least 1, not ${limit}`);
  }
  const append = (values: NonNullable<V>[], value: NonNullable<V>): void => {
    if (values.length < limit) values.push(value);
    else if (beyond === 'keepLast') {
      values.shift();
      values.push(value);
    } else if (beyond === 'fail') {
      throw new OperatorError(
        `collect holds ${limit} values of this key already; raise its limit, or let it keep the first or the last of them`,
      );
    }
  };
  return {
    name: beyond === 'fail' ? 'collect' : `collect:${beyond}:${limit}`,
    create: () => [],
    add(accumulator, record) {
      const value = field(record);
      if (value !== null && value !== undefined) append(accumulator, value);
      return accumulator;
    },
    merge(accumulator, later) {
      for (const value of later) append(accumulator, value);
      return accumulator;
    },
    result: (accumulator) => accumulator.slice(),
  };
}

import type { TimestampMs } from '../../model/index.ts';

/**
 * One aggregate over the records of a key. Its accumulator is state: it is stored with each epoch and read back after a
 * restart, so it must be plain data (numbers, strings, arrays, plain objects), and {@link Aggregator.name} must change
 * when its shape does.
 */
export interface Aggregator<In, Accumulator, Result> {
  /** Part of the plan's signature: a restart over state of another name is refused. */
  readonly name: string;
  /** The accumulator of a key that has no record yet. */
  create(): Accumulator;
  /**
   * Takes one record in. Returns the accumulator to keep: the given one, changed in place, or a new one. `timestamp` is the event time of
   * the record; NaN where it has none.
   */
  add(accumulator: Accumulator, value: In, timestamp: TimestampMs): Accumulator;
  /**
   * Takes the records of `later` in, as if they had been added behind those of `accumulator`. Returns the accumulator to keep, as `add` does;
   * must not change `later`. Associative. Needed by sliding and session windows.
   */
  merge?(accumulator: Accumulator, later: Accumulator): Accumulator;
  /**
   * Takes out again what was merged first, exactly: behind `retract(merge(a, b), a)` all is as if there had been `b` alone. Only where that
   * is exact, which rules out sums of fractions. Makes sliding windows cheaper.
   */
  retract?(accumulator: Accumulator, earliest: Accumulator): Accumulator;
  /** Must not change the accumulator. */
  result(accumulator: Accumulator): Result;
}

/** What `aggregate` takes: a field of the emitted row for each aggregator. */
export type AggregatorFields<In> = Readonly<Record<string, Aggregator<In, unknown, unknown>>>;

/** What an aggregator yields. */
export type ResultOf<A> = A extends { result(accumulator: never): infer Result } ? Result : never;

/** The row a keyed aggregate emits: the key, then one value per field. */
export type AggregateRow<K, Fields> = { readonly key: K } & {
  readonly [Field in keyof Fields]: ResultOf<Fields[Field]>;
};

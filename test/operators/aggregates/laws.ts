/** One row per aggregate for the laws that all of them keep: how it is made, which records it takes, what a plain program says. */
import fc from 'fast-check';
import { type Aggregator, aggregates } from '../../../src/operators/index.ts';

export interface Reading {
  readonly value: number | null | undefined;
  readonly text: string | null;
  readonly time: number;
}

export interface Law {
  readonly name: string;
  readonly aggregator: Aggregator<Reading, unknown, unknown>;
  /** Over the readings in the order in which they came. */
  plain(readings: readonly Reading[]): unknown;
}

/** Whole numbers, so that sums are exact in any order; gaps, equal times, no times, and text that codecs find hard. */
export const readingArbitrary: fc.Arbitrary<Reading> = fc.record({
  value: fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constantFrom(null, undefined)),
  text: fc.constantFrom(null, '', 'a', 'b', '\u{1f600}', '\ud800', '__proto__', '2026-01-02', '2026-01-10'),
  time: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(Number.NaN)),
});

const value = (reading: Reading): number | null | undefined => reading.value;
const text = (reading: Reading): string | null => reading.text;

function numbersOf(readings: readonly Reading[]): number[] {
  return readings.map(value).filter((each) => each !== null && each !== undefined);
}

function textsOf(readings: readonly Reading[]): string[] {
  return readings.map(text).filter((each) => each !== null);
}

function orNull<T>(list: readonly unknown[], make: () => T): T | null {
  return list.length === 0 ? null : make();
}

/** Sum of squared differences from the mean, of whole numbers: the only rounding is that of the one division. */
function squaresOf(numbers: readonly number[]): number {
  const total = numbers.reduce((a, b) => a + b, 0);
  const squares = numbers.reduce((a, b) => a + b * b, 0);
  return (squares * numbers.length - total * total) / numbers.length;
}

/** Those with a number, in the order of their times; without a time first; of equal times in the order in which they came. */
function byTime(readings: readonly Reading[]): (number | null | undefined)[] {
  const placed = readings.filter(({ value: each }) => each !== null && each !== undefined);
  const timeOf = ({ time }: Reading): number => (Number.isNaN(time) ? -1_000 : time);
  return placed.toSorted((a, b) => timeOf(a) - timeOf(b)).map(value);
}

/** Of readings with the same time as the first in the order of times, `byTime` has the one that came first in front. */
export const LAWS: readonly Law[] = [
  { name: 'count', aggregator: aggregates.count(), plain: (all) => all.length },
  {
    name: 'sum',
    aggregator: aggregates.sum(value),
    plain: (all) => orNull(numbersOf(all), () => numbersOf(all).reduce((a, b) => a + b, 0)),
  },
  {
    name: 'mean',
    aggregator: aggregates.mean(value),
    plain: (all) => orNull(numbersOf(all), () => numbersOf(all).reduce((a, b) => a + b, 0) / numbersOf(all).length),
  },
  {
    name: 'min',
    aggregator: aggregates.min(value),
    plain: (all) => orNull(numbersOf(all), () => Math.min(...numbersOf(all))),
  },
  {
    name: 'max',
    aggregator: aggregates.max(value),
    plain: (all) => orNull(numbersOf(all), () => Math.max(...numbersOf(all))),
  },
  { name: 'min of text', aggregator: aggregates.min(text), plain: (all) => textsOf(all).toSorted()[0] ?? null },
  { name: 'max of text', aggregator: aggregates.max(text), plain: (all) => textsOf(all).toSorted().at(-1) ?? null },
  {
    name: 'variance',
    aggregator: aggregates.variance(value),
    plain: (all) => (numbersOf(all).length < 2 ? null : squaresOf(numbersOf(all)) / (numbersOf(all).length - 1)),
  },
  {
    name: 'variance of the population',
    aggregator: aggregates.variance(value, { of: 'population' }),
    plain: (all) => orNull(numbersOf(all), () => squaresOf(numbersOf(all)) / numbersOf(all).length),
  },
  {
    name: 'stddev',
    aggregator: aggregates.stddev(value),
    plain: (all) =>
      numbersOf(all).length < 2 ? null : Math.sqrt(squaresOf(numbersOf(all)) / (numbersOf(all).length - 1)),
  },
  { name: 'distinct', aggregator: aggregates.distinct(text), plain: (all) => new Set(textsOf(all)).size },
  {
    name: 'distinctApproximate of few values',
    aggregator: aggregates.distinctApproximate(text),
    plain: (all) => new Set(textsOf(all)).size,
  },
  { name: 'first', aggregator: aggregates.first(value), plain: (all) => byTime(all)[0] ?? null },
  { name: 'last', aggregator: aggregates.last(value), plain: (all) => byTime(all).at(-1) ?? null },
  {
    name: 'top',
    aggregator: aggregates.top(value, 3),
    plain: (all) =>
      numbersOf(all)
        .toSorted((a, b) => b - a)
        .slice(0, 3),
  },
  {
    name: 'top with a selection',
    aggregator: aggregates.top(value, 3, text),
    plain: (all) =>
      all
        .filter((reading) => reading.value !== null && reading.value !== undefined)
        .toSorted((a, b) => b.value! - a.value!)
        .slice(0, 3)
        .map(text),
  },
  { name: 'collect', aggregator: aggregates.collect(text), plain: textsOf },
  {
    name: 'collect of the first',
    aggregator: aggregates.collect(text, { limit: 3, beyond: 'keepFirst' }),
    plain: (all) => textsOf(all).slice(0, 3),
  },
  {
    name: 'collect of the last',
    aggregator: aggregates.collect(text, { limit: 3, beyond: 'keepLast' }),
    plain: (all) => textsOf(all).slice(-3),
  },
  {
    name: 'custom',
    aggregator: aggregates.custom<Reading, string[], string>({
      name: 'joined',
      create: () => [],
      add(words, reading) {
        words.push(reading.text ?? '-');
        return words;
      },
      merge: (words, later) => [...words, ...later],
      retract: (words, earliest) => words.slice(earliest.length),
      result: (words) => words.join(),
    }),
    plain: (all) => all.map((reading) => reading.text ?? '-').join(),
  },
];

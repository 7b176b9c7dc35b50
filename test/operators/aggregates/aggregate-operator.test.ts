import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OperatorError, type StreamRecord } from '../../../src/model/index.ts';
import { AggregateOperator, type AggregatorFields, aggregates } from '../../../src/operators/index.ts';
import { runOperator } from '../../../src/testing/operator-harness.ts';
import { recordOf } from '../records.ts';

interface Reading {
  readonly value?: number | null | undefined;
}

type Row = Record<string, unknown>;

function run<T>(fields: AggregatorFields<T>, input: readonly StreamRecord<T>[]): Row[] {
  const [rows] = runOperator({ create: () => new AggregateOperator<T>(fields), input, isStateful: true });
  return rows!.map(({ value }) => value as Row);
}

const ALL: AggregatorFields<Reading> = {
  count: aggregates.count(),
  sum: aggregates.sum((reading: Reading) => reading.value),
  min: aggregates.min((reading: Reading) => reading.value),
  max: aggregates.max((reading: Reading) => reading.value),
  mean: aggregates.mean((reading: Reading) => reading.value),
};

/** What a plain program says of the readings of one key. */
function plainRow(key: string, readings: readonly Reading[]): Row {
  const values = readings.map(({ value }) => value).filter((value) => value !== null && value !== undefined);
  const sum = values.reduce((a, b) => a + b, 0);
  const isEmpty = values.length === 0;
  return {
    key,
    count: readings.length,
    sum: isEmpty ? null : sum,
    min: isEmpty ? null : Math.min(...values),
    max: isEmpty ? null : Math.max(...values),
    mean: isEmpty ? null : sum / values.length,
  };
}

describe('a running aggregate', () => {
  it('emits one row per record, with the running values of its key', () => {
    const input = [recordOf({ value: 4 }, 'a'), recordOf({ value: 1 }, 'b'), recordOf({ value: 6 }, 'a')];

    const rows = run(ALL, input);

    expect(rows).toEqual([
      { key: 'a', count: 1, sum: 4, min: 4, max: 4, mean: 4 },
      { key: 'b', count: 1, sum: 1, min: 1, max: 1, mean: 1 },
      { key: 'a', count: 2, sum: 10, min: 4, max: 6, mean: 5 },
    ]);
  });

  it('equals a plain program over whole numbers, for any keys and gaps', () => {
    const reading = fc.record({
      key: fc.constantFrom('a', 'b', '__proto__', 'constructor', ''),
      value: fc.oneof(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.constantFrom(null, undefined)),
    });

    fc.assert(
      fc.property(fc.array(reading, { maxLength: 30 }), (readings) => {
        const rows = run(
          ALL,
          readings.map(({ key, value }) => recordOf<Reading>({ value }, key)),
        );

        const expected = readings.map(({ key }, i) =>
          plainRow(
            key,
            readings.slice(0, i + 1).filter((r) => r.key === key),
          ),
        );
        expect(rows).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the fields of a row in the order the job lists them, key first', () => {
    const fields = { zulu: aggregates.count(), alpha: aggregates.count(), mike: aggregates.count() };

    const [row] = run(fields, [recordOf({}, 'a')]);

    expect(Object.keys(row!)).toEqual(['key', 'zulu', 'alpha', 'mike']);
  });

  it.each([1, 2, 3, 4, 5, 9])('fills rows of %i fields, each from its own accumulator', (width) => {
    const names = Array.from({ length: width }, (_, i) => `f${9 - i}`);
    const fields = Object.fromEntries(
      names.map((name, i) => [name, aggregates.sum((reading: Reading) => (reading.value ?? 0) * (i + 1))]),
    );

    const rows = run(fields, [recordOf<Reading>({ value: 10 }, 'a'), recordOf<Reading>({ value: 5 }, 'a')]);

    expect(rows[1]).toEqual({ key: 'a', ...Object.fromEntries(names.map((name, i) => [name, 15 * (i + 1)])) });
  });

  it('keeps state under names, so that fields may be listed in another order after a restart', () => {
    const first = new AggregateOperator<Reading>({ worst: ALL['max']!, flights: ALL['count']! });
    const second = new AggregateOperator<Reading>({ flights: ALL['count']!, worst: ALL['max']! });
    let stored: unknown[] | undefined;
    const state = { value: () => ({ get: () => stored, set: (value: unknown[]) => (stored = value), clear() {} }) };
    const rows: unknown[] = [];
    const out = { emit: (record: StreamRecord) => rows.push(record.value), emitTo() {} };

    for (const operator of [first, second]) {
      operator.open({ node: 'x', state } as never);
      operator.process(recordOf<Reading>({ value: 70 }, 'a'), out as never);
    }

    expect(rows[1]).toEqual({ key: 'a', flights: 2, worst: 70 });
  });

  it('names field, aggregate, key and value when a field is no number', () => {
    const input = [recordOf({ value: 'late' as never }, 'SFO')];

    const attempt = () => run({ meanDelay: aggregates.mean((reading: Reading) => reading.value) }, input);

    expect(attempt).toThrow(OperatorError);
    expect(attempt).toThrow(
      `the field 'meanDelay' cannot take the record: mean takes numbers (null and undefined are passed over), not "late"`,
    );
  });
});

describe('a user-defined aggregate', () => {
  const longest = aggregates.custom({
    name: 'longest',
    create: () => ({ word: '' }),
    add(accumulator, word: string) {
      if (word.length > accumulator.word.length) accumulator.word = word;
      return accumulator;
    },
    result: ({ word }) => word,
  });

  it('may change its accumulator in place', () => {
    const rows = run(
      { longest },
      ['to', 'be', 'not'].map((word) => recordOf(word, 'k')),
    );

    expect(rows.map((row) => row['longest'])).toEqual(['to', 'to', 'not']);
  });

  it('begins each key with an accumulator of its own', () => {
    const rows = run({ longest }, [recordOf('long', 'a'), recordOf('b', 'b')]);

    expect(rows.map((row) => row['longest'])).toEqual(['long', 'b']);
  });

  it('is told when add returns nothing', () => {
    const forgetful = aggregates.custom({
      name: 'forgetful',
      create: () => [] as string[],
      add: (words, word: string) => void words.push(word) as never,
      result: (words) => words.length,
    });

    expect(() => run({ words: forgetful }, [recordOf('a', 'k')])).toThrow(
      `the field 'words' cannot take the record: add of the custom aggregate 'forgetful' returned nothing`,
    );
  });

  it('shows its own name in the signature, apart from the built-in ones', () => {
    expect(longest.name).toBe('custom:longest');
  });
});

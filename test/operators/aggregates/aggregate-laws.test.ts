import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeValue, encodeValue } from '../../../src/codec/value-codec.ts';
import { type Aggregator, aggregates } from '../../../src/operators/index.ts';
import { LAWS, type Law, type Reading, readingArbitrary } from './laws.ts';

type AnyAggregator = Aggregator<Reading, unknown, unknown>;

const readings = fc.array(readingArbitrary, { maxLength: 25 });

function addAll({ aggregator }: { aggregator: AnyAggregator }, all: readonly Reading[], into?: unknown): unknown {
  return all.reduce(
    (accumulator, reading) => aggregator.add(accumulator, reading, reading.time),
    into ?? aggregator.create(),
  );
}

/** Variances of whole numbers are no whole numbers: their last bits depend on the order of the parts. */
function expectSame(actual: unknown, expected: unknown): void {
  if (typeof expected === 'number' && !Number.isInteger(expected)) expect(actual).toBeCloseTo(expected, 9);
  else expect(actual).toEqual(expected);
}

function stored<T>(value: T): T {
  return decodeValue(encodeValue(value)) as T;
}

describe.each(LAWS)('$name', (law: Law) => {
  const { aggregator } = law;

  it('equals a plain program after every record', () => {
    fc.assert(
      fc.property(readings, (all) => {
        let accumulator = aggregator.create();
        expectSame(aggregator.result(accumulator), law.plain([]));
        for (const [index, reading] of all.entries()) {
          accumulator = aggregator.add(accumulator, reading, reading.time);
          expectSame(aggregator.result(accumulator), law.plain(all.slice(0, index + 1)));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('merges parts as if all records had been added, whichever parts are merged first', () => {
    fc.assert(
      fc.property(readings, readings, readings, (a, b, c) => {
        const merge = aggregator.merge!.bind(aggregator);
        const expected = law.plain([...a, ...b, ...c]);
        const part = (all: readonly Reading[]): unknown => addAll(law, all);

        expectSame(aggregator.result(merge(merge(part(a), part(b)), part(c))), expected);
        expectSame(aggregator.result(merge(part(a), merge(part(b), part(c)))), expected);
        expectSame(aggregator.result(addAll(law, c, merge(part(a), part(b)))), expected);
      }),
      { numRuns: 50 },
    );
  });

  it('leaves what it merges as it was, also when more is added behind', () => {
    fc.assert(
      fc.property(readings, readings, readings, (a, b, c) => {
        const later = addAll(law, b);
        const before = stored(later);

        addAll(law, c, aggregator.merge!(addAll(law, a), later));

        expect(later).toEqual(before);
      }),
      { numRuns: 50 },
    );
  });

  it('goes on from an accumulator that was stored and read again', () => {
    fc.assert(
      fc.property(readings, readings, (a, b) => {
        const restored = addAll(law, b, stored(addAll(law, a)));
        const merged = aggregator.merge!(stored(addAll(law, a)), stored(addAll(law, b)));

        expectSame(aggregator.result(restored), law.plain([...a, ...b]));
        expectSame(aggregator.result(merged), law.plain([...a, ...b]));
      }),
      { numRuns: 50 },
    );
  });

  it('gives results that later records do not change', () => {
    fc.assert(
      fc.property(readings, readings, (a, b) => {
        const accumulator = addAll(law, a);
        const result = aggregator.result(accumulator);
        const before = stored(result);

        const more = addAll(law, b, accumulator);
        aggregator.result(more);

        expect(result).toEqual(before);
      }),
      { numRuns: 30 },
    );
  });

  it('takes out again exactly what was merged first, where it can', () => {
    if (aggregator.retract === undefined) return;
    fc.assert(
      fc.property(readings, readings, readings, (a, b, c) => {
        const merged = aggregator.merge!(addAll(law, a), addAll(law, b));
        const earliest = addAll(law, a);

        const left = aggregator.retract!(merged, earliest);

        expect(aggregator.result(left)).toEqual(law.plain(b));
        expect(aggregator.result(addAll(law, c, left))).toEqual(law.plain([...b, ...c]));
        expect(earliest).toEqual(addAll(law, a));
      }),
      { numRuns: 50 },
    );
  });
});

describe('retraction', () => {
  it('is offered by exactly those that can do it without an error', () => {
    const names = LAWS.filter(({ aggregator }) => aggregator.retract !== undefined).map(({ name }) => name);

    expect(names).toEqual(['count', 'distinct', 'custom']);
  });
});

describe('the name of an aggregate', () => {
  it('says what shapes its accumulator, and nothing else', () => {
    const field = (reading: Reading): number => reading.value ?? 0;

    expect([aggregates.top(field, 3).name, aggregates.top(field, 3, field).name]).toEqual(['top:3', 'top:3:selected']);
    expect(aggregates.quantile(field, 0.5).name).toBe('quantiles:0.01');
    expect(aggregates.quantiles(field, [0.1, 0.9], { relativeError: 0.01 }).name).toBe('quantiles:0.01');
    expect(aggregates.distinctApproximate(field).name).toBe('distinctApproximate:12');
    expect(aggregates.distinctApproximate(field, { standardError: 0.01 }).name).toBe('distinctApproximate:14');
    expect(aggregates.variance(field).name).toBe(aggregates.variance(field, { of: 'population' }).name);
    expect(aggregates.collect(field, { limit: 5 }).name).toBe('collect');
    expect(aggregates.collect(field, { limit: 5, beyond: 'keepLast' }).name).toBe('collect:keepLast:5');
  });
});

import { describe, expect, it } from 'vitest';
import { AGGREGATE_NAMES, compileAggregate } from '../../src/config/expression/aggregate-expression.ts';
import { ExpressionProblem } from '../../src/config/expression/parse-expression.ts';
import { aggregates } from '../../src/operators/index.ts';

const FLIGHTS = [
  { flight: 'A1', delay: 5, time: 30 },
  { flight: 'B2', delay: 40, time: 10 },
  { flight: 'C3', delay: -5, time: 20 },
  { flight: 'B2', delay: null, time: 40 },
];

function fold(source: string): unknown {
  const aggregator = compileAggregate(source, 'values.x');
  return aggregator.result(
    FLIGHTS.reduce<unknown>((acc, flight) => aggregator.add(acc, flight, flight.time), aggregator.create()),
  );
}

describe('an aggregate of a job file', () => {
  it.each([
    ['count()', 4],
    ['sum(record.delay)', 40],
    ['mean(record.delay)', 40 / 3],
    ['min(record.delay)', -5],
    ['max(record.flight)', 'C3'],
    ['variance(record.delay)', 558.3333333333334],
    ['variance(record.delay, "population")', 372.22222222222223],
    ['stddev(record.delay, "sample")', Math.sqrt(558.3333333333334)],
    ['distinct(record.flight)', 3],
    ['distinct(record.flight, 3)', 3],
    ['distinctApproximate(record.flight)', 3],
    ['distinctApproximate(record.flight, 0.05)', 3],
    ['first(record.flight)', 'B2'],
    ['last(record.delay)', 5],
    ['top(record.delay, 2)', [40, 5]],
    ['top(record.delay * -1.0, 1, record.flight)', ['C3']],
    ['quantile(record.delay, 0)', -5],
    ['quantile(record.delay, 1.0, 0.05)', 40],
    ['quantiles(record.delay, [0, 1])', [-5, 40]],
    ['collect(record.flight)', ['A1', 'B2', 'C3', 'B2']],
    ['collect(record.flight, 2, "keepLast")', ['C3', 'B2']],
  ])('%s', (source, expected) => {
    const flights = source.includes('*')
      ? source.replace('record.delay * -1.0', 'record.delay == null ? -99.0 : record.delay * -1.0')
      : source;

    expect(fold(flights)).toEqual(expected);
  });

  it('is every aggregate there is, but for those that need code', () => {
    expect([...AGGREGATE_NAMES, 'custom'].sort()).toEqual(Object.keys(aggregates).sort());
  });

  it.each([
    ['record.delay', 'an aggregate is expected here: count, sum,'],
    ['cuont()', 'there is no aggregate cuont()'],
    ['count(record.delay)', 'count() takes no argument; filter the records before'],
    ['mean()', 'mean() takes 1 argument, for instance mean(record.delay)'],
    ['top(record.delay)', 'top() takes 2 to 3 arguments, for instance top(record.delay, 3)'],
    ['top(record.delay, record.n)', 'argument 2 of top() must be a number, written out'],
    ['top(record.delay, 0)', 'top takes a whole number of values from 1 to 10000, not 0'],
    ['quantile(record.delay, 99)', 'quantile takes numbers from 0 to 1, not 99'],
    ['quantile(record.delay, -0.5)', 'not -0.5'],
    ['quantiles(record.delay, 0.5)', 'argument 2 of quantiles() must be a list of numbers, written out'],
    ['quantiles(record.delay, [0.5, record.q])', 'argument 2 of quantiles() must be a list of numbers'],
    ['variance(record.delay, "all")', 'argument 2 of variance() must be "sample" or "population"'],
    ['collect(record.flight, 10, "drop")', 'argument 3 of collect() must be "fail" or "keepFirst" or "keepLast"'],
    ['mean("late")', 'the expression must yield a number or null here'],
  ])('%s is refused', (source, message) => {
    expect(() => compileAggregate(source, 'values.x')).toThrow(ExpressionProblem);
    expect(() => compileAggregate(source, 'values.x')).toThrow(message);
  });

  it('says where it stands when a record has no value for it', () => {
    const aggregator = compileAggregate('mean(record.dealy)', 'transforms.t.values.x');

    expect(() => aggregator.add(aggregator.create(), FLIGHTS[0], 0)).toThrow(
      'transforms.t.values.x: the expression "mean(record.dealy)" has no value for a record',
    );
  });
});

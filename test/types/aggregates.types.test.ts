import { describe, expectTypeOf, it } from 'vitest';
import { aggregates, type ResultOf } from '../../src/operators/index.ts';

interface Flight {
  readonly flight: string;
  readonly delay: number;
  readonly gate: number | undefined;
  readonly carrier: 'AA' | 'DL' | null;
  readonly landed: Date;
}

const delay = (flight: Flight) => flight.delay;
const gate = (flight: Flight) => flight.gate;
const carrier = (flight: Flight) => flight.carrier;

describe('results of aggregates', () => {
  it('are null only where a field may be missing, or a sample too small', () => {
    const made = {
      sum: aggregates.sum(gate),
      variance: aggregates.variance(delay),
      quantile: aggregates.quantile(delay, 0.5),
      quantileOfGates: aggregates.quantile(gate, 0.5),
      quantiles: aggregates.quantiles(gate, [0.1, 0.9]),
      distinct: aggregates.distinct(carrier),
    };

    expectTypeOf<ResultOf<typeof made.sum>>().toEqualTypeOf<number | null>();
    expectTypeOf<ResultOf<typeof made.variance>>().toEqualTypeOf<number | null>();
    expectTypeOf<ResultOf<typeof made.quantile>>().toEqualTypeOf<number>();
    expectTypeOf<ResultOf<typeof made.quantileOfGates>>().toEqualTypeOf<number | null>();
    expectTypeOf<ResultOf<typeof made.quantiles>>().toEqualTypeOf<number[] | null>();
    expectTypeOf<ResultOf<typeof made.distinct>>().toEqualTypeOf<number>();
  });

  it('have the types of the values they give back', () => {
    const made = {
      min: aggregates.min((flight: Flight) => flight.flight),
      max: aggregates.max((flight: Flight) => flight.landed),
      carrier: aggregates.last(carrier),
      top: aggregates.top(delay, 3),
      topFlights: aggregates.top(delay, 3, (flight) => flight.flight),
      collect: aggregates.collect(carrier),
    };

    expectTypeOf<ResultOf<typeof made.min>>().toEqualTypeOf<string>();
    expectTypeOf<ResultOf<typeof made.max>>().toEqualTypeOf<Date>();
    expectTypeOf<ResultOf<typeof made.carrier>>().toEqualTypeOf<'AA' | 'DL' | null>();
    expectTypeOf<ResultOf<typeof made.top>>().toEqualTypeOf<number[]>();
    expectTypeOf<ResultOf<typeof made.topFlights>>().toEqualTypeOf<string[]>();
    expectTypeOf<ResultOf<typeof made.collect>>().toEqualTypeOf<('AA' | 'DL')[]>();
  });

  it('are refused for fields without an order, or that cannot be told apart by value', () => {
    // @ts-expect-error: objects have no order
    aggregates.max((flight: Flight) => ({ flight }));
    // @ts-expect-error: dates are told apart by what they are, not by what they say
    aggregates.distinct((flight: Flight) => flight.landed);
    // @ts-expect-error: a quantile of strings
    aggregates.quantile((flight: Flight) => flight.flight, 0.5);
  });
});

/** What must not compile of event time, windows, joins, deduplication and calls. As `job-builder.types.test.ts`. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  aggregates,
  defineJob,
  type FailedCall,
  type JobBuilder,
  type KeyedStream,
  type SinkConnector,
  type SourceStream,
  type Stream,
  windows,
} from '../../src/index.ts';
import { PlanError } from '../../src/model/index.ts';
import { fakeSink, fakeSource } from '../plan/fake-connectors.ts';

interface Flight {
  readonly origin: string;
  readonly carrier: number;
  readonly date: string;
  readonly delay: number;
  readonly gap?: number;
}

interface Airport {
  readonly iata: string;
  readonly name: string;
}

/** Builds the streams without asking whether they lead anywhere. */
function withFlights(use: (flights: SourceStream<Flight>, airports: Stream<Airport>, job: JobBuilder) => void): void {
  let isDefined = false;
  const definition = defineJob('typed', (job) => {
    use(job.source('flights', fakeSource<Flight>()), job.source('airports', fakeSource<Airport>()), job);
    isDefined = true;
  });
  try {
    definition.build();
  } catch (error) {
    expect(error).toBeInstanceOf(PlanError);
  }
  expect(isDefined).toBe(true);
}

const HOUR = windows.tumbling({ sizeMs: 3_600_000 });

describe('event time', () => {
  it('is defined for a source and nothing else', () => {
    withFlights((flights) => {
      const timed = flights.withEventTime((flight) => Date.parse(flight.date), { outOfOrderMs: 5 });

      expectTypeOf(timed).toEqualTypeOf<Stream<Flight>>();
      // @ts-expect-error: there is no field 'dat'
      flights.withEventTime((flight) => Date.parse(flight.dat));
      // @ts-expect-error: an event time is a number of milliseconds
      flights.withEventTime((flight) => flight.date);
      // @ts-expect-error: no such option
      flights.withEventTime((flight) => flight.delay, { outOfOrder: 5 });
      // @ts-expect-error: only directly behind a source
      expect(() => flights.map((flight) => flight).withEventTime((flight) => flight.delay)).toThrow(TypeError);
    });
  });
});

describe('a window', () => {
  it('needs a key, and an aggregate', () => {
    withFlights((flights) => {
      const sink: SinkConnector<unknown> = fakeSink<unknown>();
      // @ts-expect-error: window needs a key
      expect(() => flights.window(HOUR)).toThrow(TypeError);
      const windowed = flights.keyBy((flight) => flight.origin).window(HOUR);
      // @ts-expect-error: what is made of a window has to be said
      expect(() => windowed.to('out', sink)).toThrow(TypeError);
    });
  });

  it('emits rows with its bounds where it has some, and says whether they are final where it emits early', () => {
    withFlights((flights) => {
      const keyed = flights.keyBy((flight) => flight.origin);
      const fields = { n: aggregates.count(), mean: aggregates.mean((flight: Flight) => flight.delay) };

      keyed
        .window(HOUR)
        .aggregate(fields)
        .map((row) => {
          expectTypeOf(row.key).toEqualTypeOf<string>();
          expectTypeOf(row.windowStart).toEqualTypeOf<number>();
          expectTypeOf(row.windowEnd).toEqualTypeOf<number>();
          expectTypeOf(row.n).toEqualTypeOf<number>();
          expectTypeOf(row.mean).toEqualTypeOf<number>();
          // @ts-expect-error: every row is final
          return row.isFinal;
        });
      keyed
        .window(HOUR, { early: { everyMs: 1000 } })
        .aggregate(fields)
        .map((row) => {
          expectTypeOf(row.isFinal).toEqualTypeOf<boolean>();
          return row.windowEnd;
        });
      keyed
        .window(windows.count({ size: 10 }))
        .aggregate(fields)
        .map((row) => {
          expectTypeOf(row.n).toEqualTypeOf<number>();
          // @ts-expect-error: windows of records have no bounds
          return row.windowStart;
        });
    });
  });

  it('refuses a wrong field, a name that rows use, an unknown option and the sessions of other records', () => {
    withFlights((flights) => {
      const keyed = flights.keyBy((flight) => flight.origin);

      // @ts-expect-error: there is no field 'dealy'
      keyed.window(HOUR).aggregate({ worst: aggregates.max((flight) => flight.dealy) });
      // @ts-expect-error: 'windowEnd' is the end of the window
      keyed.window(HOUR).aggregate({ windowEnd: aggregates.count() });
      // @ts-expect-error: there is no such mode
      keyed.window(HOUR, { emit: 'sometimes' });
      keyed.window(windows.session({ gapMs: (flight: Flight) => flight.gap }));
      // @ts-expect-error: an airport has no gap
      keyed.window(windows.session({ gapMs: (airport: Airport & { gap: number }) => airport.gap }));
      // @ts-expect-error: a sliding window has a slide
      windows.sliding({ sizeMs: 10 });
    });
  });

  it('gives its late records as they came, and has no other side output', () => {
    withFlights((flights) => {
      const rows = flights
        .keyBy((flight) => flight.origin)
        .window(HOUR)
        .aggregate({ n: aggregates.count() });

      expectTypeOf(rows.side('late')).toEqualTypeOf<Stream<Flight>>();
      rows.side('late').to('late', fakeSink<Flight>());
      const names: SinkConnector<string> = fakeSink<string>();
      // @ts-expect-error: this sink takes strings, not rows
      rows.to('wrong', names);
      // @ts-expect-error: there is no output of early records
      rows.side('early');
      const sums = flights
        .keyBy((flight) => flight.origin)
        .window(HOUR)
        .aggregate({ n: aggregates.count() }, { local: true });
      expectTypeOf(sums.map((row) => row.n)).toEqualTypeOf<Stream<number>>();
      // @ts-expect-error: of late records only sums arrive
      sums.side('late');
    });
  });
});

describe('a join', () => {
  it('makes a missing side null by its type', () => {
    withFlights((flights, airports) => {
      const [left, right] = [flights.keyBy((flight) => flight.origin), airports.keyBy((airport) => airport.iata)];
      const within = { beforeMs: 0, afterMs: 10 };

      left.join(right, { within }).map((row) => {
        expectTypeOf(row).toEqualTypeOf<{ readonly left: Flight; readonly right: Airport }>();
        return row;
      });
      left.join(right, { type: 'left', within }).map((row) => {
        expectTypeOf(row.left).toEqualTypeOf<Flight>();
        expectTypeOf(row.right).toEqualTypeOf<Airport | null>();
        return row;
      });
      left.join(right, { type: 'full', within }).map((row) => {
        expectTypeOf(row.left).toEqualTypeOf<Flight | null>();
        expectTypeOf(row.right).toEqualTypeOf<Airport | null>();
        return row;
      });
      expectTypeOf(left.join(right, { type: 'anti', within }).side('late')).toEqualTypeOf<Stream<Flight | Airport>>();
      left.join(right, { type: 'semi', within }).map((row) => expectTypeOf(row).toEqualTypeOf<Flight>());
      left.windowJoin(right, { type: 'right', window: HOUR }).map((row) => {
        expectTypeOf(row.left).toEqualTypeOf<Flight | null>();
        expectTypeOf(row.right).toEqualTypeOf<Airport>();
        expectTypeOf(row.windowStart).toEqualTypeOf<number>();
        return row;
      });
      left.joinTable(right).map((row) => expectTypeOf(row.right).toEqualTypeOf<Airport>());
    });
  });

  it('emits what select makes of both sides', () => {
    withFlights((flights, airports) => {
      const [left, right] = [flights.keyBy((flight) => flight.origin), airports.keyBy((airport) => airport.iata)];

      const names = left.join(right, {
        type: 'left',
        within: { beforeMs: 0, afterMs: 0 },
        select: (flight, airport) => {
          expectTypeOf(flight).toEqualTypeOf<Flight>();
          expectTypeOf(airport).toEqualTypeOf<Airport | null>();
          return airport?.name ?? 'unknown';
        },
      });
      const cities = flights.joinBroadcast(airports, {
        leftKey: (flight) => flight.origin,
        rightKey: (airport) => airport.iata,
        select: (flight, airport) => `${flight.origin} ${airport.name}`,
      });

      expectTypeOf(names.map((name) => name)).toEqualTypeOf<Stream<string>>();
      expectTypeOf(cities).toEqualTypeOf<Stream<string>>();
    });
  });

  it('needs two streams with keys of one type', () => {
    withFlights((flights, airports) => {
      const keyed = flights.keyBy((flight) => flight.origin);
      const byCarrier = flights.keyBy((flight) => flight.carrier);
      const byIata = airports.keyBy((airport) => airport.iata);
      const within = { beforeMs: 0, afterMs: 10 };

      // @ts-expect-error: keys that are numbers are equal to none that are strings
      keyed.join(byCarrier, { within });
      // @ts-expect-error: nor in a window
      keyed.windowJoin(byCarrier, { window: HOUR });
      // @ts-expect-error: the table has no key
      keyed.joinTable(airports);
      // @ts-expect-error: a bound behind the record is needed too
      keyed.join(byIata, { within: { beforeMs: 5 } });
      // @ts-expect-error: there is no such type of join
      keyed.join(byIata, { type: 'outer', within });
      // @ts-expect-error: joins with a table have records on the left only
      keyed.joinTable(byIata, { type: 'right' });
      // @ts-expect-error: there is no field 'code'
      flights.joinBroadcast(airports, { leftKey: (flight) => flight.origin, rightKey: (airport) => airport.code });
    });
  });
});

describe('deduplication and calls', () => {
  it('keep keys and types', () => {
    withFlights((flights) => {
      const keyed = flights.keyBy((flight) => flight.origin);

      expectTypeOf(keyed.deduplicate({ scope: 'forever' })).toEqualTypeOf<KeyedStream<Flight, string>>();
      const recent = keyed.deduplicate({ scope: 'watermark', withinMs: 10 });
      expectTypeOf(recent.side('late')).toEqualTypeOf<KeyedStream<Flight, string>>();
      expectTypeOf(keyed.asyncMap((flight) => Promise.resolve(flight.delay))).toEqualTypeOf<
        KeyedStream<number, string>
      >();
      expectTypeOf(keyed.unkeyed()).toEqualTypeOf<Stream<Flight>>();
      // @ts-expect-error: how long?
      keyed.deduplicate({ scope: 'ttl' });
      // @ts-expect-error: nothing is late for ever
      expect(() => keyed.deduplicate({ scope: 'forever' }).side('late')).not.toThrow();
    });
  });

  it('give failed calls only where they are asked for', () => {
    withFlights((flights) => {
      const ask = (flight: Flight): Promise<number> => Promise.resolve(flight.delay);
      const answers = flights.asyncMap(ask, { onFailure: 'side', attempts: 2 });

      expectTypeOf(answers.side('failed')).toEqualTypeOf<Stream<FailedCall<Flight>>>();
      expectTypeOf(flights.asyncMap(ask)).toEqualTypeOf<Stream<number>>();
      // @ts-expect-error: a failure ends the run
      flights.asyncMap(ask).side('failed');
      // @ts-expect-error: a call is a promise
      flights.asyncMap((flight) => flight.delay);
      // @ts-expect-error: no such order
      flights.asyncMap(ask, { order: 'sorted' });
    });
  });
});

/**
 * What must not compile. The compiler does the checking (`npm run typecheck` covers this folder): an unused `@ts-expect-error` is an
 * error there. Vitest runs the file too, so that what must compile is also known to run.
 */
import { describe, expect, expectTypeOf, it } from 'vitest';
import { PlanError, type SinkConnector, type SourceConnector } from '../../src/model/index.ts';
import { aggregates, defineProcess, records, states } from '../../src/operators/index.ts';
import { defineJob, type KeyedStream, type Stream } from '../../src/plan/index.ts';
import { fakeSink, fakeSource } from '../plan/fake-connectors.ts';

interface Flight {
  readonly origin: string;
  readonly delay: number;
  readonly gate?: number | undefined;
}

const flights: SourceConnector<Flight> = fakeSource<Flight>();

/** Builds the streams without asking whether they lead anywhere. */
function withFlights(use: (flights: Stream<Flight>) => void): void {
  let isDefined = false;
  const definition = defineJob('typed', (job) => {
    use(job.source('flights', flights));
    isDefined = true;
  });
  try {
    definition.build();
  } catch (error) {
    expect(error).toBeInstanceOf(PlanError);
  }
  expect(isDefined).toBe(true);
}

describe('a stream', () => {
  it('carries the type of its source through the chain', () => {
    withFlights((stream) => {
      const origins = stream
        .filter((flight) => flight.delay > 15)
        .map((flight) => flight.origin)
        .flatMap((origin) => origin.split(''));

      expectTypeOf(origins).toEqualTypeOf<Stream<string>>();
    });
  });

  it('refuses a field that the record does not have', () => {
    withFlights((stream) => {
      // @ts-expect-error: there is no field 'dealy'
      stream.filter((flight) => flight.dealy > 15);
      // @ts-expect-error: there is no field 'dealy'
      stream.keyBy((flight) => flight.origin).aggregate({ worst: aggregates.max((flight) => flight.dealy) });
    });
  });

  it('has no aggregate and no process before keyBy', () => {
    withFlights((stream) => {
      // @ts-expect-error: aggregate needs a key
      expect(() => stream.aggregate({ flights: aggregates.count() })).toThrow(TypeError);
      // @ts-expect-error: process needs a key
      expect(() => stream.process({ process() {} })).toThrow(TypeError);
    });
  });

  it('refuses a key that is no string, number, bigint or boolean', () => {
    withFlights((stream) => {
      // @ts-expect-error: an object is no key
      stream.keyBy((flight) => ({ origin: flight.origin }));
      // @ts-expect-error: a key cannot be missing
      stream.keyBy((flight) => flight.gate);
    });
  });

  it('narrows by type guards', () => {
    withFlights((stream) => {
      const atGate = stream.filter((flight): flight is Flight & { gate: number } => flight.gate !== undefined);
      const { gated, rest } = stream.split({
        gated: (flight: Flight): flight is Flight & { gate: number } => flight.gate !== undefined,
      });

      expectTypeOf(atGate).toEqualTypeOf<Stream<Flight & { gate: number }>>();
      expectTypeOf(gated.map((flight) => flight.gate)).toEqualTypeOf<Stream<number>>();
      expectTypeOf(rest).toEqualTypeOf<Stream<Flight>>();
    });
  });

  it('splits into the declared branches and the rest, and no others', () => {
    withFlights((stream) => {
      const branches = stream.split({ late: (flight) => flight.delay > 60 });

      expectTypeOf(branches.late).toEqualTypeOf<Stream<Flight>>();
      // @ts-expect-error: no such branch
      expect(branches.early).toBeUndefined();
      // @ts-expect-error: 'rest' is the name of what no branch takes
      stream.split({ rest: () => true });
    });
  });

  it('merges streams of one type only', () => {
    withFlights((stream) => {
      expectTypeOf(stream.merge(stream)).toEqualTypeOf<Stream<Flight>>();
      // @ts-expect-error: a stream of strings is no stream of flights
      stream.merge(stream.map((flight) => flight.origin));
      // @ts-expect-error: a keyed stream does not merge with an unkeyed one
      stream.keyBy((flight) => flight.origin).merge(stream);
    });
  });
});

/** As the table sink: the type of its records comes from the stream it ends. */
function keyedSink<T>(options: { readonly key: (record: T) => string }): SinkConnector<T> {
  return { ...fakeSink<T>(), ...options };
}

describe('a sink', () => {
  it('takes records of its own type only', () => {
    const origins: SinkConnector<string> = fakeSink<string>();
    const delays: SinkConnector<{ delay: number }> = fakeSink<{ delay: number }>();
    const gated: SinkConnector<{ delay: number; gate: number }> = fakeSink<{ delay: number; gate: number }>();

    withFlights((stream) => {
      stream.map((flight) => flight.origin).to('origins', origins);
      stream.to('delays', delays);
      // @ts-expect-error: this sink takes strings
      stream.to('wrong', origins);
      // @ts-expect-error: this sink needs a gate, which not every flight has
      stream.to('partly', gated);
      stream.to('inferred', fakeSink());
      stream.to('by-origin', keyedSink({ key: (flight) => flight.origin }));
      // @ts-expect-error: there is no field 'orgin'
      stream.to('misspelt', keyedSink({ key: (flight) => flight.orgin }));
    });
  });
});

describe('an aggregate', () => {
  it('emits rows of the key and the results', () => {
    withFlights((stream) => {
      const rows = stream
        .keyBy((flight) => flight.origin)
        .aggregate({
          flights: aggregates.count(),
          mean: aggregates.mean((flight) => flight.delay),
          gate: aggregates.min((flight) => flight.gate),
          longest: aggregates.custom({
            name: 'longest',
            create: () => '',
            add: (longest, flight: Flight) => (flight.origin.length > longest.length ? flight.origin : longest),
            result: (longest) => longest,
          }),
        });

      rows.map((row) => {
        expectTypeOf(row.key).toEqualTypeOf<string>();
        expectTypeOf(row.flights).toEqualTypeOf<number>();
        expectTypeOf(row.mean).toEqualTypeOf<number>();
        expectTypeOf(row.gate).toEqualTypeOf<number | null>();
        expectTypeOf(row.longest).toEqualTypeOf<string>();
        // @ts-expect-error: no such field
        return row.worst;
      });
    });
  });

  it('refuses a field called key, a field that is no number, and the aggregate of another record', () => {
    withFlights((stream) => {
      const keyed: KeyedStream<Flight, string> = stream.keyBy((flight) => flight.origin);

      // @ts-expect-error: 'key' is the key of the row
      keyed.aggregate({ key: aggregates.count() });
      // @ts-expect-error: a sum of strings
      keyed.aggregate({ total: aggregates.sum((flight) => flight.origin) });
      // @ts-expect-error: a flight has no fare
      keyed.aggregate({ total: aggregates.sum((ticket: { fare: number }) => ticket.fare) });
    });
  });
});

describe('a process', () => {
  it('infers the types of states, outputs and key', () => {
    withFlights((stream) => {
      const processed = stream
        .keyBy((flight) => flight.origin)
        .process({
          states: { total: states.value<number>(), gates: states.list<number>(), days: states.map<string>() },
          emits: records<{ total: number }>(),
          sides: { late: records<Flight>() },
          process(flight, context) {
            expectTypeOf(flight).toEqualTypeOf<Flight>();
            expectTypeOf(context.key).toEqualTypeOf<string>();
            const total = (context.states.total.get() ?? 0) + flight.delay;
            context.states.total.set(total);
            context.states.gates.append(flight.gate ?? 0);
            context.states.days.set('monday', 'late');
            context.emit({ total });
            context.emitTo('late', flight);
            // @ts-expect-error: this state holds numbers
            context.states.total.set('many');
            // @ts-expect-error: no such state
            context.states.other;
            // @ts-expect-error: the output carries totals
            context.emit(flight);
            // @ts-expect-error: the side output carries flights
            context.emitTo('late', { total });
            // @ts-expect-error: no such side output
            context.emitTo('early', flight);
          },
        });

      expectTypeOf(processed.map((row) => row.total)).toEqualTypeOf<Stream<number>>();
      expectTypeOf(processed.side('late')).toEqualTypeOf<Stream<Flight>>();
      // @ts-expect-error: no such side output
      processed.side('early');
    });
  });

  it('can be defined on its own, or made for each subtask', () => {
    const counter = defineProcess({
      states: { seen: states.value<number>() },
      emits: records<number>(),
      process(_flight: Flight, context) {
        const seen = (context.states.seen.get() ?? 0) + 1;
        context.states.seen.set(seen);
        context.emit(seen);
      },
    });

    withFlights((stream) => {
      const keyed = stream.keyBy((flight) => flight.origin);
      const counts = keyed.process(counter);
      const again = keyed.process(() => counter);

      expectTypeOf(counts.map((seen) => seen)).toEqualTypeOf<Stream<number>>();
      expectTypeOf(again.map((seen) => seen)).toEqualTypeOf<Stream<number>>();
      const numbers = stream.map(() => 1).keyBy((n) => n);
      // @ts-expect-error: it counts flights
      numbers.process(counter);
    });
  });
});

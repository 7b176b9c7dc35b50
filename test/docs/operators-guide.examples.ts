/** The TypeScript examples of docs/operators.md: here they are compiled and planned. `operators-guide.test.ts` compares the two. */
import {
  aggregates,
  type JobBuilder,
  type KeyedStream,
  records,
  type SourceStream,
  type Stream,
  sinks,
  sources,
  states,
  windows,
} from '../../src/index.ts';

export interface Flight {
  readonly id: string;
  readonly date: string;
  readonly delay: number;
  readonly origin: string;
  readonly pauseMs: number;
}

export interface Airport {
  readonly iata: string;
  readonly name: string;
  readonly since: string;
  readonly closed: boolean;
}

/** What the examples begin with. */
export interface Streams {
  readonly job: JobBuilder;
  readonly flights: Stream<Flight>;
  readonly byOrigin: KeyedStream<Flight, string>;
  readonly byId: KeyedStream<Flight, string>;
  readonly airports: Stream<Airport>;
  readonly byIata: KeyedStream<Airport, string>;
  readonly landed: KeyedStream<Flight, string>;
}

/** Each yields the streams that it made. */
export const EXAMPLES: Readonly<Record<string, (streams: Streams) => readonly unknown[]>> = {
  eventTime({ job }) {
    const flights = job
      .source('departures', sources.file<Flight>({ path: 'flights.jsonl' }))
      .withEventTime((flight) => Date.parse(flight.date), { outOfOrderMs: 600_000 });
    return [flights];
  },

  tumbling({ byOrigin }) {
    const hourly = byOrigin
      .window(windows.tumbling({ sizeMs: 3_600_000 }), { allowedLatenessMs: 600_000 })
      .aggregate({ flights: aggregates.count(), meanDelay: aggregates.mean((flight) => flight.delay) });
    hourly.side('late').to('too-late', sinks.file({ path: 'late.jsonl' }));
    return [hourly];
  },

  sliding({ byOrigin }) {
    const lastHour = byOrigin
      .window(windows.sliding({ sizeMs: 3_600_000, slideMs: 60_000 }))
      .aggregate({ flights: aggregates.count() });
    return [lastHour];
  },

  calendar({ byOrigin }) {
    const daily = byOrigin
      .window(windows.calendar({ unit: 'day', timeZone: 'America/New_York' }), { early: { everyMs: 60_000 } })
      .aggregate({ flights: aggregates.count() });
    return [daily];
  },

  session({ byOrigin }) {
    const bursts = byOrigin
      .window(windows.session<Flight>({ gapMs: (flight) => flight.pauseMs }))
      .aggregate({ flights: aggregates.count() });
    return [bursts];
  },

  records({ byOrigin }) {
    const dozens = byOrigin.window(windows.count({ size: 12, slide: 6 })).aggregate({ flights: aggregates.count() });
    const total = byOrigin
      .window(windows.global(), { emit: 'complete', completeEveryMs: 60_000 })
      .aggregate({ flights: aggregates.count() });
    return [dozens, total];
  },

  local({ byOrigin }) {
    const counts = byOrigin
      .window(windows.tumbling({ sizeMs: 60_000 }))
      .aggregate({ flights: aggregates.count() }, { local: true });
    return [counts];
  },

  join({ byId, landed }) {
    const trips = byId.join(landed, { type: 'left', within: { beforeMs: 0, afterMs: 86_400_000 } });
    return [trips];
  },

  windowJoin({ byId, landed }) {
    const sameHour = byId.windowJoin(landed, {
      window: windows.tumbling({ sizeMs: 3_600_000 }),
      select: (flight, landing, { start }) => ({ id: flight.id, delay: landing.delay, hour: start }),
    });
    return [sameHour];
  },

  joinTable({ byOrigin, byIata }) {
    const named = byOrigin.joinTable(byIata, { type: 'left', isDelete: (airport) => airport.closed });
    return [named];
  },

  joinBroadcast({ flights, airports }) {
    const named = flights.joinBroadcast(airports, {
      type: 'left',
      leftKey: (flight) => flight.origin,
      rightKey: (airport) => airport.iata,
      select: (flight, airport) => ({ ...flight, airport: airport?.name ?? 'unknown' }),
    });
    return [named];
  },

  deduplicate({ byId }) {
    const once = byId.deduplicate({ scope: 'watermark', withinMs: 86_400_000 });
    return [once];
  },

  asyncMap({ flights }) {
    const ask = async (flight: Flight): Promise<Flight> => flight;
    const weather = flights.asyncMap(ask, { concurrency: 50, order: 'unordered', attempts: 5, onFailure: 'side' });
    weather.side('failed').to('no-answer', sinks.file({ path: 'failed.jsonl' }));
    return [weather];
  },

  process({ byOrigin }) {
    const quiet = byOrigin.process({
      states: { seen: states.value<number>({ ttlMs: 86_400_000 }) },
      emits: records<{ origin: string; quietSince: number }>(),
      process(_flight, context) {
        context.states.seen.set((context.states.seen.get() ?? 0) + 1);
        context.timers.set('quiet', context.timestamp + 3_600_000);
      },
      onTimer(timer, context) {
        context.emit({ origin: context.key, quietSince: timer.at - 3_600_000 });
      },
    });
    return [quiet];
  },
};

/** The sources that the examples share. */
export function streamsOf(job: JobBuilder): Streams {
  const source = <T>(name: string): SourceStream<T> => job.source(name, sources.file<T>({ path: `${name}.jsonl` }));
  const flights = source<Flight>('flights').withEventTime((flight) => Date.parse(flight.date));
  const airports = source<Airport>('airports').withEventTime((airport) => Date.parse(airport.since));
  return {
    job,
    flights,
    byOrigin: flights.keyBy((flight) => flight.origin),
    byId: flights.keyBy((flight) => flight.id),
    airports,
    byIata: airports.keyBy((airport) => airport.iata),
    landed: source<Flight>('landings')
      .withEventTime((landing) => Date.parse(landing.date))
      .keyBy((landing) => landing.id),
  };
}

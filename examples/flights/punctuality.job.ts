/**
 * How punctual departures are, hour by hour, while they happen: the flights come in the order in which they really left (`replay.ts`)
 * and their event time is when they should have. A flight that leaves an hour late therefore arrives an hour out of order.
 *
 * The times of the data are local ones; they are compared as they stand, as if all airports were in one zone.
 * The same job as data: `punctuality.job.json`.
 */
import {
  aggregates,
  defineJob,
  type JobDefinition,
  type JobOptionsInput,
  type Stream,
  sinks,
  sources,
  windows,
} from 'millrace';
import type { Flight } from './flights.job.ts';

/** A row of `airports.csv`, as far as it is of interest. */
export interface Airport {
  readonly iata: string;
  readonly name: string;
  readonly state: string;
}

/** A departure that came when a window which it belongs to was closed. */
export interface MissedDeparture {
  readonly missed: 'hour' | 'hours of the day' | 'burst';
  readonly origin: string;
  readonly destination: string;
  readonly date: string;
  readonly delay: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS: number = 60 * MINUTE_MS;
const DAY_MS: number = 24 * HOUR_MS;
/** An hour of one departure is no bad hour but a bad flight. */
const HOUR_DEPARTURES_MIN = 2;
const BURST_DEPARTURES_MIN = 3;

/** When it should have left: `2001/01/01 00:47`, taken as UTC. */
export function scheduledAt(flight: Flight): number {
  return Date.parse(`${flight.date} UTC`);
}

/** `outOfOrderMs`: how long an hour stays open for what left late. */
export function punctuality(outOfOrderMs: number): JobDefinition {
  return defineJob('punctuality', (job) => {
    const airports = job.source(
      'airports',
      sources.file<Airport>({ path: '../../node_modules/vega-datasets/data/airports.csv', format: 'csv' }),
    );
    const departures = job
      .source('departures', sources.file<Flight>({ path: 'replay/departures.jsonl' }))
      .withEventTime(scheduledAt, { outOfOrderMs });

    const hours = departures
      .keyBy((flight) => flight.origin)
      .window(windows.tumbling({ sizeMs: HOUR_MS }))
      .aggregate({
        flights: aggregates.count(),
        meanDelay: aggregates.mean((flight) => flight.delay),
        worstDelay: aggregates.max((flight) => flight.delay),
      })
      .named('hours');
    hours
      .joinBroadcast(airports, {
        type: 'left',
        leftKey: (hour) => hour.key,
        rightKey: (airport) => airport.iata,
        select: (hour, airport) => ({ ...hour, ...placeOf(airport) }),
      })
      .named('hours-with-names')
      .to('hour-rows', sinks.file({ path: 'replay/out/hours.jsonl' }));

    // Every sixty minutes that begin at a multiple of ten; of each day (of their ends) the one that lost most, as soon as it is known.
    const slidingHours = departures
      .keyBy((flight) => flight.origin)
      .window(windows.sliding({ sizeMs: HOUR_MS, slideMs: 10 * MINUTE_MS }))
      .aggregate({
        flights: aggregates.count(),
        minutesLost: aggregates.sum((flight) => Math.max(flight.delay, 0)),
      })
      .named('sliding-hours');
    slidingHours
      .filter((hour) => hour.flights >= HOUR_DEPARTURES_MIN)
      .named('busy-hours')
      .keyBy((hour) => hour.key)
      .window(windows.tumbling({ sizeMs: DAY_MS }), { emit: 'update' })
      .aggregate({
        worst: aggregates.top(
          (hour) => hour.minutesLost,
          1,
          (hour) => hour,
        ),
      })
      .named('worst-hours')
      .joinBroadcast(airports, {
        type: 'left',
        leftKey: (day) => day.key,
        rightKey: (airport) => airport.iata,
        select: ({ key, windowStart, windowEnd, worst }, airport) => {
          const { windowStart: hourStart, flights, minutesLost } = worst[0]!;
          return { key, windowStart, windowEnd, hourStart, flights, minutesLost, ...placeOf(airport) };
        },
      })
      .named('worst-hours-with-names')
      .to('worst-hour-rows', sinks.file({ path: 'replay/out/worst-hours.jsonl' }));

    const sessions = departures
      .keyBy((flight) => flight.origin)
      .window(windows.session({ gapMs: 30 * MINUTE_MS }))
      .aggregate({ flights: aggregates.count(), worstDelay: aggregates.max((flight) => flight.delay) })
      .named('sessions');
    sessions
      .filter((burst) => burst.flights >= BURST_DEPARTURES_MIN)
      .named('bursts')
      .joinBroadcast(airports, {
        type: 'left',
        leftKey: (burst) => burst.key,
        rightKey: (airport) => airport.iata,
        select: (burst, airport) => ({ ...burst, ...placeOf(airport) }),
      })
      .named('bursts-with-names')
      .to('burst-rows', sinks.file({ path: 'replay/out/bursts.jsonl' }));

    missed(hours.side('late'), 'hour')
      .named('missed-hour')
      .merge(
        missed(slidingHours.side('late'), 'hours of the day').named('missed-sliding-hours'),
        missed(sessions.side('late'), 'burst').named('missed-burst'),
      )
      .to('late-rows', sinks.file({ path: 'replay/out/late.jsonl' }));
  });
}

function missed(late: Stream<Flight>, what: MissedDeparture['missed']): Stream<MissedDeparture> {
  return late.map(({ origin, destination, date, delay }) => ({ missed: what, origin, destination, date, delay }));
}

function placeOf(airport: Airport | null): { readonly name: string | null; readonly state: string | null } {
  return { name: airport?.name ?? null, state: airport?.state ?? null };
}

const job: JobDefinition = punctuality(HOUR_MS);

/**
 * Three months go by in seconds here. So that what is late is what was late then, in every run, the watermark moves behind every single
 * departure. Batches move it between two batches only: there hardly anything is ever late.
 */
export const options: JobOptionsInput = { loop: { stepRecords: 1 }, watermark: { intervalMs: 0 } };

export default job;

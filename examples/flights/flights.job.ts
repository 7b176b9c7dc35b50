/**
 * Departures of US flights in 2001: running figures per airport, and the heavily delayed flights on a route of their own.
 * The same job as data: `flights.job.json`.
 */
import { aggregates, defineJob, type JobDefinition, sinks, sources } from 'millrace';

export interface Flight {
  /** Local time, `2001/01/01 00:47`. */
  readonly date: string;
  /** Minutes; negative when early. */
  readonly delay: number;
  /** Miles. */
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
}

const job: JobDefinition = defineJob('flights', (job) => {
  const departures = job.source(
    'departures',
    sources.file<Flight>({ path: '../../node_modules/vega-datasets/data/flights-20k.json', format: 'json' }),
  );

  departures
    .keyBy((flight) => flight.origin)
    .aggregate({
      flights: aggregates.count(),
      meanDelay: aggregates.mean((flight) => flight.delay),
      worstDelay: aggregates.max((flight) => flight.delay),
    })
    .named('airports')
    .to('airport-rows', sinks.file({ path: 'out/airports.jsonl' }));

  departures
    .split({ heavy: (flight) => flight.delay > 60 })
    .heavy.named('routes')
    .to('heavy-delays', sinks.file({ path: 'out/heavy-delays.jsonl' }));
});

export default job;

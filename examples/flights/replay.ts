/**
 * Puts the flights into the order in which they really left: scheduled time and delay. What the punctuality job reads.
 *
 *   node examples/flights/replay.js
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Flight } from './flights.job.ts';
import { scheduledAt } from './punctuality.job.ts';

const FLIGHTS: URL = new URL('../../node_modules/vega-datasets/data/flights-20k.json', import.meta.url);
const REPLAY: URL = new URL('./replay/departures.jsonl', import.meta.url);
const MINUTE_MS = 60_000;

/** Writes `replay/departures.jsonl`, always the same, and says how many flights it has. */
export function writeReplay(): number {
  const flights = inOrderOfDeparture(JSON.parse(readFileSync(FLIGHTS, 'utf8')) as readonly Flight[]);
  mkdirSync(new URL('.', REPLAY), { recursive: true });
  writeFileSync(REPLAY, flights.map((flight) => `${JSON.stringify(flight)}\n`).join(''));
  return flights.length;
}

/** Flights that left in the same minute stay in the order of the schedule. */
export function inOrderOfDeparture(flights: readonly Flight[]): readonly Flight[] {
  return flights.toSorted((a, b) => departedAt(a) - departedAt(b));
}

function departedAt(flight: Flight): number {
  return scheduledAt(flight) + flight.delay * MINUTE_MS;
}

/** The flights job as a plain program over an array: what the outputs must say. */
import type { Flight } from '../../examples/flights/flights.job.ts';

export interface AirportRow {
  readonly key: string;
  readonly flights: number;
  readonly meanDelay: number;
  readonly worstDelay: number;
}

export interface FlightsReference {
  /** Every running row of an airport, in order; the last one is its final value. */
  readonly rowsByAirport: ReadonlyMap<string, readonly AirportRow[]>;
  /** Flights more than an hour late, in order, by origin. */
  readonly heavyByOrigin: ReadonlyMap<string, readonly Flight[]>;
}

export function runFlightsReference(flights: readonly Flight[]): FlightsReference {
  const rowsByAirport = new Map<string, AirportRow[]>();
  const totals = new Map<string, number>();
  for (const { origin, delay } of flights) {
    const rows = rowsByAirport.get(origin) ?? [];
    const total = (totals.get(origin) ?? 0) + delay;
    const worst = Math.max(rows.at(-1)?.worstDelay ?? delay, delay);
    rows.push({ key: origin, flights: rows.length + 1, meanDelay: total / (rows.length + 1), worstDelay: worst });
    rowsByAirport.set(origin, rows);
    totals.set(origin, total);
  }
  const heavy = flights.filter((flight) => flight.delay > 60);
  return { rowsByAirport, heavyByOrigin: groupBy(heavy, (flight) => flight.origin) };
}

/** In order of first appearance; items of a group keep their order. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

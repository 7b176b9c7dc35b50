/**
 * What the flights job must have written for the first flights of the file: a plain program, without any code of the product.
 * The array is in one file, hence read in order: here even the figures in the middle are known.
 */
import type { Complain } from './violations.ts';

export interface Flight {
  readonly date: string;
  readonly delay: number;
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
}

export interface AirportRow {
  readonly key: string;
  readonly flights: number;
  readonly meanDelay: number;
  readonly worstDelay: number;
}

export interface FlightsExpectation {
  readonly rows: ReadonlyMap<string, readonly AirportRow[]>;
  readonly heavy: ReadonlyMap<string, readonly Flight[]>;
  readonly recordsRead: number;
}

export interface FlightsInput {
  readonly flights: readonly Flight[];
  /** Where each begins in the file, in bytes. */
  readonly offsets: readonly number[];
}

/** The records of the file have no objects inside them and no brace in a string: every `{` begins one. */
export function readFlights(bytes: Buffer): FlightsInput {
  const flights = JSON.parse(bytes.toString('utf8')) as readonly Flight[];
  const offsets: number[] = [];
  for (let at = bytes.indexOf(0x7b); at !== -1; at = bytes.indexOf(0x7b, at + 1)) offsets.push(at);
  if (offsets.length !== flights.length) throw new Error(`${offsets.length} braces for ${flights.length} flights`);
  return { flights, offsets };
}

/** `readUpTo`: the next byte to read; all of it where absent. */
export function expectFlights({ flights, offsets }: FlightsInput, readUpTo?: number): FlightsExpectation {
  const rows = new Map<string, AirportRow[]>();
  const heavy = new Map<string, Flight[]>();
  const sums = new Map<string, number>();
  const read = flights.filter((_, i) => readUpTo === undefined || offsets[i]! < readUpTo);
  for (const flight of read) {
    const { origin, delay } = flight;
    const before = rows.get(origin) ?? [];
    rows.set(origin, before);
    const sum = (sums.get(origin) ?? 0) + delay;
    sums.set(origin, sum);
    const worst = Math.max(delay, before.at(-1)?.worstDelay ?? delay);
    before.push({ key: origin, flights: before.length + 1, meanDelay: sum / (before.length + 1), worstDelay: worst });
    if (delay > 60) heavy.set(origin, [...(heavy.get(origin) ?? []), flight]);
  }
  return { rows, heavy, recordsRead: read.length };
}

/** As a sequence per key and as a multiset overall. `isPart`: a beginning of each sequence is enough. */
export function checkSequences<Row extends object>(
  what: string,
  found: readonly Row[],
  keyOf: (row: Row) => string,
  expected: ReadonlyMap<string, readonly Row[]>,
  isPart: boolean,
  complain: Complain,
): void {
  const counts = new Map<string, number>();
  for (const row of found) {
    const key = keyOf(row);
    const at = counts.get(key) ?? 0;
    counts.set(key, at + 1);
    const wanted = expected.get(key)?.[at];
    if (wanted === undefined) complain(`${what} of ${key}: row ${at + 1} should not be there: ${JSON.stringify(row)}`);
    else if (!sameFields(row, wanted))
      complain(`${what} of ${key}: row ${at + 1} is ${JSON.stringify(row)}, should be ${JSON.stringify(wanted)}`);
  }
  if (isPart) return;
  for (const [key, rows] of expected) {
    const count = counts.get(key) ?? 0;
    if (count !== rows.length) complain(`${what} of ${key}: ${count} rows, should be ${rows.length}`);
  }
}

function sameFields(a: object, b: object): boolean {
  const [left, right] = [a, b].map((row) => Object.entries(row).sort(([x], [y]) => (x < y ? -1 : 1)));
  return JSON.stringify(left) === JSON.stringify(right);
}

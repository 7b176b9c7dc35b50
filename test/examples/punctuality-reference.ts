/**
 * The punctuality job as a plain program over an array: what its outputs must say, whichever watermark was in force at each flight.
 * Shares nothing with Millrace but the rules: late is what has no open window left, and a window closes when the watermark is at its end.
 */
import type { Flight } from '../../examples/flights/flights.job.ts';
import type { MissedDeparture } from '../../examples/flights/punctuality.job.ts';

export interface HourRow {
  readonly key: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly flights: number;
  readonly meanDelay: number;
  readonly worstDelay: number;
}

export interface WorstHourRow {
  readonly key: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly hourStart: number;
  readonly flights: number;
  readonly minutesLost: number;
}

export interface BurstRow {
  readonly key: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly flights: number;
  readonly worstDelay: number;
}

export interface PunctualityReference {
  readonly hours: readonly HourRow[];
  /** Of each airport in the order of the hours. */
  readonly worstHours: readonly WorstHourRow[];
  readonly bursts: readonly BurstRow[];
  readonly late: readonly MissedDeparture[];
}

const MINUTE_MS = 60_000;
const SLIDE_MS: number = 10 * MINUTE_MS;
const HOUR_MS: number = 60 * MINUTE_MS;
const DAY_MS: number = 24 * HOUR_MS;
const GAP_MS: number = 30 * MINUTE_MS;

export function timeOf({ date }: Flight): number {
  const [year, month, day, hour, minute] = date.split(/[/ :]/).map(Number) as [number, number, number, number, number];
  return Date.UTC(year, month - 1, day, hour, minute);
}

/** In force at each flight when the watermark rises behind every one of them. */
export function watermarksByRecord(flights: readonly Flight[], outOfOrderMs: number): readonly number[] {
  let seen = Number.NEGATIVE_INFINITY;
  return flights.map((flight) => {
    const watermark = seen - outOfOrderMs;
    seen = Math.max(seen, timeOf(flight));
    return watermark;
  });
}

/** In force at each flight when the watermark rises between batches only, and an empty batch takes it where the one before left it. */
export function watermarksByBatch(
  flights: readonly Flight[],
  outOfOrderMs: number,
  batchRecords: number,
): readonly number[] {
  const byRecord = watermarksByRecord(flights, outOfOrderMs);
  return flights.map((_, index) => byRecord[index - (index % batchRecords)]!);
}

/** `flights` in the order in which they are read, with the watermark at each. */
export function runPunctualityReference(
  flights: readonly Flight[],
  watermarks: readonly number[],
): PunctualityReference {
  const late: MissedDeparture[] = [];
  const miss = (missed: MissedDeparture['missed'], { origin, destination, date, delay }: Flight): number =>
    late.push({ missed, origin, destination, date, delay });
  const hours = windowsOf(flights, watermarks, HOUR_MS, (flight) => miss('hour', flight));
  const slidingHours = windowsOf(flights, watermarks, SLIDE_MS, (flight) => miss('hours of the day', flight));
  return {
    hours: hours.map(({ key, start, delays }) => ({
      key,
      windowStart: start,
      windowEnd: start + HOUR_MS,
      flights: delays.length,
      meanDelay: sum(delays) / delays.length,
      worstDelay: Math.max(...delays),
    })),
    worstHours: worstHoursOf(slidingHours),
    bursts: burstsOf(flights, watermarks, (flight) => miss('burst', flight)),
    late,
  };
}

interface OneWindow {
  readonly key: string;
  readonly start: number;
  readonly delays: number[];
}

/** Windows of an hour that begin at multiples of `slideMs`. */
function windowsOf(
  flights: readonly Flight[],
  watermarks: readonly number[],
  slideMs: number,
  onLate: (flight: Flight) => void,
): readonly OneWindow[] {
  const found = new Map<string, OneWindow>();
  flights.forEach((flight, index) => {
    const time = timeOf(flight);
    const last = Math.floor(time / slideMs) * slideMs;
    if (last + HOUR_MS <= watermarks[index]!) onLate(flight);
    for (let start = last; start > time - HOUR_MS && start + HOUR_MS > watermarks[index]!; start -= slideMs) {
      const id = `${flight.origin} ${start}`;
      const one = found.get(id) ?? { key: flight.origin, start, delays: [] };
      one.delays.push(flight.delay);
      found.set(id, one);
    }
  });
  return [...found.values()];
}

/** A row for each hour of two departures or more: the one of its day that lost most up to then. */
function worstHoursOf(slidingHours: readonly OneWindow[]): readonly WorstHourRow[] {
  const worst = new Map<string, WorstHourRow>();
  const busy = slidingHours.filter(({ delays }) => delays.length >= 2).toSorted((a, b) => a.start - b.start);
  return busy.map(({ key, start, delays }) => {
    const day = Math.floor((start + HOUR_MS - 1) / DAY_MS) * DAY_MS;
    const minutesLost = sum(delays.filter((delay) => delay > 0));
    const known = worst.get(`${key} ${day}`);
    const frame = { key, windowStart: day, windowEnd: day + DAY_MS };
    const row =
      known !== undefined && known.minutesLost >= minutesLost
        ? known
        : { ...frame, hourStart: start, flights: delays.length, minutesLost };
    worst.set(`${key} ${day}`, row);
    return row;
  });
}

/** Sessions of three departures or more. What has closed takes nobody in, even if it would touch. */
function burstsOf(
  flights: readonly Flight[],
  watermarks: readonly number[],
  onLate: (flight: Flight) => void,
): readonly BurstRow[] {
  const closed: BurstRow[] = [];
  const open = new Map<string, readonly BurstRow[]>();
  flights.forEach((flight, index) => {
    const time = timeOf(flight);
    const watermark = watermarks[index]!;
    if (time + GAP_MS <= watermark) {
      onLate(flight);
      return;
    }
    const known = open.get(flight.origin) ?? [];
    closed.push(...known.filter(({ windowEnd }) => windowEnd <= watermark));
    const alive = known.filter(({ windowEnd }) => windowEnd > watermark);
    const isNear = (one: BurstRow): boolean => one.windowStart <= time + GAP_MS && time <= one.windowEnd;
    const near = alive.filter(isNear);
    const merged: BurstRow = {
      key: flight.origin,
      windowStart: Math.min(time, ...near.map(({ windowStart }) => windowStart)),
      windowEnd: Math.max(time + GAP_MS, ...near.map(({ windowEnd }) => windowEnd)),
      flights: 1 + sum(near.map((one) => one.flights)),
      worstDelay: Math.max(flight.delay, ...near.map(({ worstDelay }) => worstDelay)),
    };
    open.set(flight.origin, [...alive.filter((one) => !isNear(one)), merged]);
  });
  return [...closed, ...[...open.values()].flat()].filter((burst) => burst.flights >= 3);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

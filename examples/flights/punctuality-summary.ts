/** What the punctuality example prints at its end, as text. Pure. */
import type { MissedDeparture } from './punctuality.job.ts';
import { grouped } from './summary.ts';

interface Place {
  readonly key: string;
  readonly name: string | null;
  readonly state: string | null;
}

/** A row of `hours.jsonl`. */
export interface HourRow extends Place {
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly flights: number;
  readonly meanDelay: number;
  readonly worstDelay: number;
}

/** A row of `worst-hours.jsonl`: of the day at `windowStart` the worst hour so far. */
export interface WorstHourRow extends Place {
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly hourStart: number;
  readonly flights: number;
  readonly minutesLost: number;
}

/** A row of `bursts.jsonl`. */
export interface BurstRow extends Place {
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly flights: number;
  readonly worstDelay: number;
}

const SHOWN = 8;

/** Takes all rows in the order of the file: the last one of an airport and day is that of the whole day. */
export function worstHours(rows: readonly WorstHourRow[]): string {
  const last = new Map(rows.map((row) => [`${row.key} ${row.windowStart}`, row]));
  const worst = [...last.values()].sort((a, b) => b.minutesLost - a.minutesLost).slice(0, SHOWN);
  return [
    `The worst hours of ${grouped(last.size)} days of airports`,
    ...worst.map(
      (row) =>
        `  ${momentOf(row.hourStart)}  ${grouped(row.minutesLost).padStart(5)} minutes lost by ${row.flights} departures  ${placeName(row)}`,
    ),
  ].join('\n');
}

export function biggestBursts(rows: readonly BurstRow[]): string {
  const biggest = rows.toSorted((a, b) => b.flights - a.flights).slice(0, SHOWN);
  return [
    `The biggest of ${grouped(rows.length)} bursts of departures`,
    ...biggest.map(
      (row) =>
        `  ${momentOf(row.windowStart)}  ${row.flights} departures, the latest ${row.worstDelay} minutes behind  ${placeName(row)}`,
    ),
  ].join('\n');
}

export function lateDepartures(late: readonly MissedDeparture[], hours: readonly HourRow[]): string {
  const of = (missed: MissedDeparture['missed']): number => late.filter((row) => row.missed === missed).length;
  const counted = hours.reduce((total, { flights }) => total + flights, 0);
  return [
    `${grouped(counted)} departures are in ${grouped(hours.length)} hours of airports; ${grouped(of('hour'))} came when their hour was closed.`,
    `${grouped(of('hours of the day'))} came too late for every sliding hour, ${grouped(of('burst'))} for a burst. All of them are in late.jsonl.`,
  ].join('\n');
}

function momentOf(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}

function placeName({ key, name, state }: Place): string {
  return `${key} ${name ?? 'unknown'}, ${state ?? '?'}`;
}

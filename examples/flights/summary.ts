/** What the example prints at its end, as text. Pure: reading and printing is `main.ts`. */
import type { JobStatus } from 'millrace';
import type { Flight } from './flights.job.ts';

/** A row of `airports.jsonl`. */
export interface AirportRow {
  readonly key: string;
  readonly flights: number;
  readonly meanDelay: number;
  readonly worstDelay: number;
}

export interface RunTimes {
  /** Until the first generation runs: threads, job module, state directory. */
  readonly startMs: number;
  /** From then to the last commit, and the end of all threads. */
  readonly runMs: number;
}

const WORST_COUNT = 10;
/** A mean over a handful of departures says little. */
const DEPARTURES_MIN = 50;
const BAR_WIDTH = 20;

/** One line while the job runs. `what`: the records that it reads. */
export function progressLine(status: JobStatus, total: number, what: string): string {
  const share = Math.min(1, status.recordsRead / total);
  const elapsed = (status.uptimeMs / 1000).toFixed(1).padStart(5);
  const records = `${grouped(status.recordsRead)} of ${grouped(total)} ${what}`;
  return `${elapsed} s  ${bar(share)}  ${records}, epoch ${status.epoch}`;
}

export function runSummary(status: JobStatus, { startMs, runMs }: RunTimes, what: string): string {
  const refused = status.deadLetters + status.recordsSkipped;
  if (status.recordsReadByRun === 0) {
    return (
      `Nothing new: all ${grouped(status.recordsRead)} ${what} were processed and committed by an earlier run ` +
      `(epoch ${status.epoch}).\nBegin again with --fresh.`
    );
  }
  return [
    `${grouped(status.recordsReadByRun)} records in ${seconds(runMs)} s, ${grouped(status.recordsReadByRun / (runMs / 1000))}/s ` +
      `(and ${seconds(startMs)} s to start the threads)`,
    `  epochs    ${status.epochsCommitted} committed, each one durable transaction: ${percentiles(status.commits)}`,
    `  latency   read to sink: ${percentiles(status.latency)}`,
    `  pauses    of a subtask at a marker: ${percentiles(status.pauses)}`,
    `  refused   ${grouped(refused)} records, ${status.restarts} restarts`,
  ].join('\n');
}

/** Takes all running rows, in the order of the file: the last one of an airport is its final value. */
export function worstAirports(rows: readonly AirportRow[]): string {
  const last = new Map(rows.map((row) => [row.key, row]));
  const worst = [...last.values()]
    .filter((row) => row.flights >= DEPARTURES_MIN)
    .sort((a, b) => b.meanDelay - a.meanDelay)
    .slice(0, WORST_COUNT);
  const scale = worst[0]?.meanDelay ?? 1;
  return [
    `The ${worst.length} worst of ${last.size} airports, by mean delay (with ${DEPARTURES_MIN} departures or more)`,
    '  airport  departures  mean delay  worst delay',
    ...worst.map(
      ({ key, flights, meanDelay, worstDelay }) =>
        `  ${key.padEnd(7)}  ${grouped(flights).padStart(10)}  ${meanDelay.toFixed(1).padStart(6)} min  ` +
        `${grouped(worstDelay).padStart(7)} min  ${bar(meanDelay / scale).trimEnd()}`,
    ),
  ].join('\n');
}

export function heaviestDelays(heavy: readonly Flight[]): string {
  const worst = heavy.reduce<Flight | undefined>((a, b) => (a === undefined || b.delay > a.delay ? b : a), undefined);
  if (worst === undefined) return 'No flight was more than an hour late.';
  return (
    `${grouped(heavy.length)} flights were more than an hour late; the worst left ${worst.origin} for ` +
    `${worst.destination} ${grouped(worst.delay)} minutes late (${worst.date}).`
  );
}

export function grouped(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

function percentiles({ count, p50, p90, p99, p999, max }: JobStatus['latency']): string {
  if (count === 0) return 'none recorded';
  const ms = (value: number): string => value.toFixed(value < 10 ? 2 : 0);
  return `p50 ${ms(p50)}, p90 ${ms(p90)}, p99 ${ms(p99)}, p99.9 ${ms(p999)}, max ${ms(max)} ms`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

function bar(share: number): string {
  return '█'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '░');
}

/** Options of `millrace compare`, checked. Pure. */
import type { JobOptionsInput } from '../index.ts';
import { parseDuration } from './start-options.ts';
import { UsageError } from './usage-error.ts';

type Given = Readonly<Record<string, string | true>>;

export interface CompareOptions {
  /** Records per second; `undefined`: chosen. */
  readonly recordsPerSecond: number | undefined;
  readonly durationMs: number;
  /** Of each source. */
  readonly records: number | undefined;
  readonly intervalsMs: readonly number[];
  readonly isJson: boolean;
  readonly reportPath: string | undefined;
  readonly keepDirectory: string | undefined;
  readonly overrides: JobOptionsInput;
}

const DURATION_MS_DEFAULT = 10_000;
const DURATION_MS_MIN = 1000;
const DURATION_MS_MAX = 3_600_000;
const INTERVALS_MS_DEFAULT: readonly number[] = [100, 1000];
const INTERVAL_MS_MAX = 600_000;
const INTERVALS_MAX = 8;

/** Throws {@link UsageError} with the first thing that is wrong. */
export function compareOptions(given: Given): CompareOptions {
  const { report, keep } = given;
  return {
    recordsPerSecond: rateOf(given['rate']),
    durationMs: durationOf(given['duration']),
    records: wholeNumber(given, 'records', 1e15),
    intervalsMs: intervalsOf(given['intervals']),
    isJson: given['json'] === true,
    reportPath: typeof report === 'string' ? report : undefined,
    keepDirectory: typeof keep === 'string' ? keep : undefined,
    overrides: {
      ...optional('parallelism', wholeNumber(given, 'parallelism', 999_999)),
      ...optional('workers', wholeNumber(given, 'workers', 999_999)),
    },
  };
}

function rateOf(text: string | true | undefined): number | undefined {
  if (text === undefined || text === 'auto') return undefined;
  const rate = Number(text);
  if (typeof text === 'string' && /^\d+(\.\d+)?$/.test(text) && rate > 0 && rate <= 1e9) return rate;
  throw wrong('rate', text, 'records per second, above 0 and at most 1000000000, or auto');
}

/** A bare number is seconds. */
function durationOf(text: string | true | undefined): number {
  if (text === undefined) return DURATION_MS_DEFAULT;
  const durationMs =
    typeof text !== 'string' ? undefined : /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  if (durationMs !== undefined && durationMs >= DURATION_MS_MIN && durationMs <= DURATION_MS_MAX) return durationMs;
  throw wrong('duration', text, 'seconds or a duration (30s, 2m), from 1 s to 1 h');
}

function intervalsOf(text: string | true | undefined): readonly number[] {
  if (text === undefined) return INTERVALS_MS_DEFAULT;
  const words = typeof text === 'string' ? text.split(',') : [];
  const intervals = words.map(Number);
  const isGood =
    words.every((word) => /^[1-9]\d{0,5}$/.test(word)) &&
    intervals.every((intervalMs) => intervalMs <= INTERVAL_MS_MAX) &&
    new Set(intervals).size === intervals.length &&
    intervals.length <= INTERVALS_MAX;
  if (isGood && intervals.length > 0) return intervals;
  throw wrong(
    'intervals',
    text,
    `whole milliseconds from 1 to ${INTERVAL_MS_MAX}, each once, at most ${INTERVALS_MAX}, such as 100,1000`,
  );
}

function wholeNumber(given: Given, name: string, max: number): number | undefined {
  const text = given[name];
  if (text === undefined) return undefined;
  if (typeof text === 'string' && /^[1-9]\d{0,15}$/.test(text) && Number(text) <= max) return Number(text);
  throw wrong(name, text, 'a whole number of at least 1');
}

function optional<Name extends string>(name: Name, value: number | undefined): { readonly [N in Name]?: number } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [N in Name]?: number });
}

function wrong(name: string, text: string | true | undefined, expected: string): UsageError {
  return new UsageError(`--${name} must be ${expected}, not ${JSON.stringify(text)}`, 'compare');
}

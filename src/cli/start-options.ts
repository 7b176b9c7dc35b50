/** Options of a command line to options of a run. Pure; the engine checks the ranges. */
import { resolve } from 'node:path';
import { suggest } from '../config/index.ts';
import type { BatchTrigger, ExecutionMode, StartOptions, Until } from '../index.ts';
import { UsageError } from './usage-error.ts';

type Given = Readonly<Record<string, string | true>>;

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

const MODES: readonly ExecutionMode[] = ['continuous', 'microbatch', 'adaptive'];

const TRIGGERS: readonly BatchTrigger[] = ['as-soon-as-possible', 'available-now', 'once'];

/** What the plan depends on. Throws {@link UsageError}. */
export function planOptions(given: Given): Pick<StartOptions, 'mode' | 'parallelism' | 'workers'> {
  return {
    ...oneOf(given, 'mode', MODES),
    ...wholeNumber(given, 'parallelism'),
    ...wholeNumber(given, 'workers'),
  };
}

/** Throws {@link UsageError}. */
export function startOptions(given: Given): StartOptions {
  const { state, until, trigger } = given;
  return {
    ...(typeof trigger === 'string' ? triggerOptions(trigger, given['mode']) : {}),
    ...planOptions(given),
    ...(typeof state === 'string' ? { stateDirectory: resolve(state) } : {}),
    ...(typeof until === 'string' ? { until: parseUntil(until) } : {}),
  };
}

/** `idle`, a duration such as `30s`, or a number of records. Throws {@link UsageError}. */
export function parseUntil(text: string): Until {
  if (text === 'idle') return { kind: 'idle' };
  if (/^\d{1,15}$/.test(text)) return { kind: 'records', records: Number(text) };
  const durationMs = parseDuration(text);
  if (durationMs !== undefined) return { kind: 'duration', durationMs };
  throw new UsageError(
    `--until must be idle, a duration (500ms, 30s, 5m, 1h) or a number of records, not ${JSON.stringify(text)}`,
    'run',
  );
}

/** A trigger is about batches, so it asks for them, unless a mode is asked for. */
function triggerOptions(text: string, mode: string | true | undefined): Pick<StartOptions, 'mode' | 'batch'> {
  if (mode === 'continuous') {
    throw new UsageError('--trigger says when batches start, and --mode continuous has none', 'run');
  }
  const trigger = TRIGGERS.find((name) => name === text);
  if (trigger !== undefined) return { mode: 'microbatch', batch: { trigger } };
  const intervalMs = parseDuration(text);
  if (intervalMs !== undefined && intervalMs > 0)
    return { mode: 'microbatch', batch: { trigger: 'interval', intervalMs } };
  throw wrongWord('trigger', text, TRIGGERS, ' or a duration (500ms, 30s, 5m, 1h)');
}

/** `500ms`, `30s`, `5m`, `1h` in milliseconds; `undefined` for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text) ?? [];
  return number === undefined || unit === undefined ? undefined : Number(number) * UNITS_MS[unit]!;
}

function oneOf<Name extends string, Word extends string>(
  given: Given,
  name: Name,
  words: readonly Word[],
): { [N in Name]?: Word } {
  const text = given[name];
  if (text === undefined) return {};
  const word = words.find((known) => known === text);
  if (word === undefined) throw wrongWord(name, text, words);
  return { [name]: word } as { [N in Name]?: Word };
}

function wrongWord(name: string, text: string | true, words: readonly string[], others = ''): UsageError {
  const meant = typeof text === 'string' ? suggest(text, words) : undefined;
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return new UsageError(`--${name} must be ${words.join(', ')}${others}, not ${JSON.stringify(text)}${hint}`, 'run');
}

function wholeNumber<Name extends 'parallelism' | 'workers'>(given: Given, name: Name): { [N in Name]?: number } {
  const text = given[name];
  if (text === undefined) return {};
  if (typeof text === 'string' && /^[1-9]\d{0,5}$/.test(text))
    return { [name]: Number(text) } as { [N in Name]?: number };
  throw new UsageError(`--${name} must be a whole number of at least 1, not ${JSON.stringify(text)}`, 'run');
}

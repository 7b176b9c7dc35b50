/** Options of a command line to options of a run. Pure; the engine checks the ranges. */
import { resolve } from 'node:path';
import type { StartOptions, Until } from '../index.ts';
import { UsageError } from './usage-error.ts';

type Given = Readonly<Record<string, string | true>>;

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** What the plan depends on. Throws {@link UsageError}. */
export function planOptions(given: Given): Pick<StartOptions, 'mode' | 'parallelism' | 'workers'> {
  const mode = given['mode'];
  if (mode !== undefined && mode !== 'continuous') {
    throw new UsageError(`--mode must be continuous, not ${JSON.stringify(mode)}: it is the only mode so far`, 'run');
  }
  return {
    ...(mode === undefined ? {} : { mode }),
    ...wholeNumber(given, 'parallelism'),
    ...wholeNumber(given, 'workers'),
  };
}

/** Throws {@link UsageError}. */
export function startOptions(given: Given): StartOptions {
  const { state, until } = given;
  return {
    ...planOptions(given),
    ...(typeof state === 'string' ? { stateDirectory: resolve(state) } : {}),
    ...(typeof until === 'string' ? { until: parseUntil(until) } : {}),
  };
}

/** `idle`, a duration such as `30s`, or a number of records. Throws {@link UsageError}. */
export function parseUntil(text: string): Until {
  if (text === 'idle') return { kind: 'idle' };
  if (/^\d{1,15}$/.test(text)) return { kind: 'records', records: Number(text) };
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text) ?? [];
  if (number !== undefined && unit !== undefined)
    return { kind: 'duration', durationMs: Number(number) * UNITS_MS[unit]! };
  throw new UsageError(
    `--until must be idle, a duration (500ms, 30s, 5m, 1h) or a number of records, not ${JSON.stringify(text)}`,
    'run',
  );
}

function wholeNumber<Name extends 'parallelism' | 'workers'>(given: Given, name: Name): { [N in Name]?: number } {
  const text = given[name];
  if (text === undefined) return {};
  if (typeof text === 'string' && /^[1-9]\d{0,5}$/.test(text))
    return { [name]: Number(text) } as { [N in Name]?: number };
  throw new UsageError(`--${name} must be a whole number of at least 1, not ${JSON.stringify(text)}`, 'run');
}

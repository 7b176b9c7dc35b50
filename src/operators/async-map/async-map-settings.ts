/** Options of `asyncMap`, complete and checked. Pure. */
import { type DurationMs, suggest } from '../../model/index.ts';
import type { AsyncMapOptions } from './async-map-definition.ts';

export type AsyncMapSettings = { readonly [Name in keyof AsyncMapOptions]-?: NonNullable<AsyncMapOptions[Name]> };

export interface ResolvedAsyncMap {
  readonly settings: AsyncMapSettings;
  /** One sentence for each option that is wrong. */
  readonly problems: readonly string[];
}

const CONCURRENCY_DEFAULT = 100;
/** Memory of calls is the user's, but a typing error should not become a million requests. */
const CONCURRENCY_MAX = 100_000;
const TIMEOUT_DEFAULT_MS = 30_000;
/** The longest delay a timer of the runtime takes; beyond it fires at once. */
const DELAY_MAX_MS: DurationMs = 2 ** 31 - 1;
const ATTEMPTS_DEFAULT = 3;
const ATTEMPTS_MAX = 1_000;
const BACKOFF_DEFAULT_MS = 100;
const BACKOFF_MAX_DEFAULT_MS = 10_000;

const NAMES: readonly string[] = [
  'concurrency',
  'order',
  'timeoutMs',
  'attempts',
  'backoffMs',
  'backoffMaxMs',
  'onFailure',
] satisfies readonly (keyof AsyncMapOptions)[];

export function resolveAsyncMap(options: AsyncMapOptions): ResolvedAsyncMap {
  const problems = unknownOptions(options);
  const count = (name: 'concurrency' | 'attempts', fallback: number, max: number): number => {
    const value = options[name] ?? fallback;
    if (Number.isInteger(value) && value >= 1 && value <= max) return value;
    problems.push(`${name} must be a whole number from 1 to ${max}, not ${String(value)}`);
    return fallback;
  };
  const duration = (name: 'timeoutMs' | 'backoffMs' | 'backoffMaxMs', fallback: number, min: number): DurationMs => {
    const value = options[name] ?? fallback;
    if (typeof value === 'number' && value >= min && value <= DELAY_MAX_MS) return value;
    problems.push(`${name} must be milliseconds from ${min} to ${DELAY_MAX_MS}, not ${String(value)}`);
    return fallback;
  };
  const choice = <T extends string>(name: 'order' | 'onFailure', value: T, allowed: readonly T[]): T => {
    if (allowed.includes(value)) return value;
    problems.push(`${name} must be ${allowed.map((word) => `'${word}'`).join(' or ')}, not ${JSON.stringify(value)}`);
    return allowed[0]!;
  };
  const backoffMs = duration('backoffMs', BACKOFF_DEFAULT_MS, 0);
  const settings: AsyncMapSettings = {
    concurrency: count('concurrency', CONCURRENCY_DEFAULT, CONCURRENCY_MAX),
    order: choice('order', options.order ?? 'ordered', ['ordered', 'unordered']),
    timeoutMs: duration('timeoutMs', TIMEOUT_DEFAULT_MS, 1),
    attempts: count('attempts', ATTEMPTS_DEFAULT, ATTEMPTS_MAX),
    backoffMs,
    backoffMaxMs: duration('backoffMaxMs', Math.max(BACKOFF_MAX_DEFAULT_MS, backoffMs), 0),
    onFailure: choice('onFailure', options.onFailure ?? 'fail', ['fail', 'side']),
  };
  if (settings.backoffMaxMs < backoffMs) {
    problems.push(`backoffMaxMs (${settings.backoffMaxMs}) must not be below backoffMs (${backoffMs})`);
  }
  return { settings, problems };
}

/** Pause behind the failed try `attempt` (from 1): exponential, bounded, without jitter, so that a replay waits the same. */
export function backoffBehind(attempt: number, { backoffMs, backoffMaxMs }: AsyncMapSettings): DurationMs {
  return Math.min(backoffMaxMs, backoffMs * 2 ** (attempt - 1));
}

function unknownOptions(options: AsyncMapOptions): string[] {
  return Object.keys(options)
    .filter((name) => !NAMES.includes(name))
    .map((name) => {
      const meant = suggest(name, NAMES);
      return `'${name}' is no option of asyncMap${meant === undefined ? `; there are ${NAMES.join(', ')}` : `; did you mean '${meant}'?`}`;
    });
}

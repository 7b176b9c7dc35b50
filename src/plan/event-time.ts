/** Event time as a user defines it for a source, with its defaults. Pure. */
import { type DurationMs, suggest, type TimestampMs } from '../model/index.ts';
import type { EventTime } from './logical-plan.ts';

export interface EventTimeOptions {
  /**
   * How far a record may be behind the latest one of its split and never be late. Results wait for as long: nothing of a time is final
   * before records that much younger have come. Default 0.
   */
  readonly outOfOrderMs?: DurationMs | undefined;
  /**
   * A split that has been silent for so long does not hold back the others until it speaks again; what it says then may be late.
   * `Infinity`: it always holds them back. Default 10 s.
   */
  readonly idleTimeoutMs?: DurationMs | undefined;
}

/** Event time in milliseconds since the Unix epoch; nothing, or no finite number, where a record has none. */
export type TimestampOf<T> = (value: T) => TimestampMs | null | undefined;

/**
 * On and short: without it one silent input holds back every window of a job for ever, which users of all engines run into. Longer than
 * the pauses of a followed file or a restart, short enough to be waited for.
 */
export const IDLE_TIMEOUT_DEFAULT_MS: DurationMs = 10_000;

const OPTION_NAMES: readonly (keyof EventTimeOptions)[] = ['outOfOrderMs', 'idleTimeoutMs'];

export function resolveEventTime<T>(timestampOf: TimestampOf<T>, options: EventTimeOptions): EventTime {
  return Object.freeze({
    timestampOf: timestampOf as TimestampOf<unknown>,
    outOfOrderMs: options.outOfOrderMs ?? 0,
    idleTimeoutMs: options.idleTimeoutMs ?? IDLE_TIMEOUT_DEFAULT_MS,
  });
}

/** One sentence for each option that is wrong. */
export function findEventTimeProblems(options: EventTimeOptions): readonly string[] {
  const { outOfOrderMs = 0, idleTimeoutMs = IDLE_TIMEOUT_DEFAULT_MS } = options;
  const problems = Object.keys(options)
    .filter((name) => !(OPTION_NAMES as readonly string[]).includes(name))
    .map((name) => {
      const meant = suggest(name, OPTION_NAMES);
      return `there is no option '${name}'${meant === undefined ? `; there are ${OPTION_NAMES.join(', ')}` : `; did you mean '${meant}'?`}`;
    });
  if (!(Number.isFinite(outOfOrderMs) && outOfOrderMs >= 0))
    problems.push(`outOfOrderMs is ${String(outOfOrderMs)}; it must be a finite number of at least 0`);
  if (!(typeof idleTimeoutMs === 'number' && idleTimeoutMs > 0))
    problems.push(`idleTimeoutMs is ${String(idleTimeoutMs)}; it must be a number above 0, or Infinity`);
  return problems;
}

/** For `explain`. */
export function describeEventTime({ outOfOrderMs, idleTimeoutMs }: EventTime): string {
  const idle = idleTimeoutMs === Number.POSITIVE_INFINITY ? 'never idle' : `idle after ${idleTimeoutMs} ms`;
  return `event time, ${outOfOrderMs} ms out of order, ${idle}`;
}

/**
 * How often and how fast a job is restarted. Plain data; the decision is in `supervision.ts`.
 */
import type { DurationMs } from '../model/index.ts';

export interface SupervisionPolicy {
  /** Restarts within {@link windowMs} before the job fails. */
  readonly attemptsMax: number;
  readonly windowMs: DurationMs;
  /** Before the first restart; doubled for each further one of the same streak. */
  readonly delayMs: DurationMs;
  /** Bound of the doubling. */
  readonly delayMaxMs: DurationMs;
  /** Part of a delay, 0 to 1, that chance takes off. */
  readonly jitterFraction: number;
  /** A generation that ran this long before it failed begins a new streak: the delay starts anew. */
  readonly quietMs: DurationMs;
  /** Failures at the same record (or at the same key, without a commit in between) before it is called poisonous and the job fails. */
  readonly poisonedAfter: number;
  /** As {@link poisonedAfter}, for errors that depend on nothing but the input, and without a commit in between. */
  readonly certainAfter: number;
  /** Workers in a row lost before they were ready, after which the job fails. */
  readonly startLossesMax: number;
}

/** Each default with its reason. */
export const SUPERVISION_DEFAULTS: {
  readonly [K in keyof SupervisionPolicy]: { readonly value: number; readonly unit: string; readonly reason: string };
} = {
  attemptsMax: { value: 10, unit: 'restarts', reason: 'passes over a network that comes and goes, ends a crash loop' },
  windowMs: {
    value: 300_000,
    unit: 'ms',
    reason: 'ten restarts with full backoff take about three and a half minutes',
  },
  delayMs: { value: 100, unit: 'ms', reason: 'hardly noticed where the failure was a single one' },
  delayMaxMs: {
    value: 30_000,
    unit: 'ms',
    reason: 'an outside system that is back is used again within half a minute',
  },
  jitterFraction: {
    value: 0.25,
    unit: 'part of the delay',
    reason: 'jobs that fell together do not come back together',
  },
  quietMs: { value: 60_000, unit: 'ms', reason: 'twice the longest delay: what ran that long was healthy' },
  poisonedAfter: {
    value: 3,
    unit: 'failures',
    reason: 'once may be chance and twice bad luck; the replay is the same every time',
  },
  certainAfter: {
    value: 2,
    unit: 'failures',
    reason: 'the first restart proves that the same input leads to the same error',
  },
  startLossesMax: {
    value: 2,
    unit: 'workers',
    reason: 'a module that cannot be loaded cannot be loaded the next time',
  },
};

export const SUPERVISION_POLICY: SupervisionPolicy = Object.freeze({
  attemptsMax: SUPERVISION_DEFAULTS.attemptsMax.value,
  windowMs: SUPERVISION_DEFAULTS.windowMs.value,
  delayMs: SUPERVISION_DEFAULTS.delayMs.value,
  delayMaxMs: SUPERVISION_DEFAULTS.delayMaxMs.value,
  jitterFraction: SUPERVISION_DEFAULTS.jitterFraction.value,
  quietMs: SUPERVISION_DEFAULTS.quietMs.value,
  poisonedAfter: SUPERVISION_DEFAULTS.poisonedAfter.value,
  certainAfter: SUPERVISION_DEFAULTS.certainAfter.value,
  startLossesMax: SUPERVISION_DEFAULTS.startLossesMax.value,
});

/**
 * Decides what follows a failure: back to the last epoch after a while, or the end of the job (design decision 14). Pure.
 *
 * In order: an error that is certain to return ends the job at once; so do workers that never get ready, a record that fails
 * again and again, and a spent budget; everything else restarts with exponential backoff.
 */
import type { DurationMs, ErrorReport, MonotonicMs } from '../model/index.ts';
import type { SupervisionPolicy } from './supervision-policy.ts';

/** Code of the loss of a worker that had not been ready yet. */
export const ERR_WORKER_START = 'ERR_WORKER_START' as const;

/** A failure that was answered with a restart. */
export interface PastFailure {
  readonly at: MonotonicMs;
  readonly delayMs: DurationMs;
  /** Names the record that failed, where the report did. */
  readonly record: string | undefined;
  readonly wasStarting: boolean;
}

/** Oldest first. {@link recordRestart} keeps it short. */
export type SupervisionHistory = readonly PastFailure[];

export type SupervisionDecision =
  | { readonly kind: 'restart'; readonly delayMs: DurationMs }
  | { readonly kind: 'fail'; readonly reason: string };

/** `chance` in [0, 1), from an injected random source, shortens the delay by up to the policy's jitter. */
export function decideSupervision(
  failure: ErrorReport,
  history: SupervisionHistory,
  policy: SupervisionPolicy,
  now: MonotonicMs,
  chance: number,
): SupervisionDecision {
  if (failure.recovery === 'none') return fail(`a restart cannot help: ${failure.message}`);

  const startLosses = isStartLoss(failure) ? 1 + trailingStartLosses(history) : 0;
  if (startLosses >= policy.startLossesMax) {
    return fail(`${startLosses} workers in a row were lost before they were ready: ${failure.message}`);
  }

  const record = deriveRecordName(failure);
  const failures = record === undefined ? 0 : 1 + history.filter((past) => past.record === record).length;
  if (failures >= policy.poisonedAfter) {
    return fail(
      `the same record (${record}) failed ${failures} times: ${failure.message}. Correct it at its source, or the operator that refuses it`,
    );
  }

  const restarts = history.filter((past) => now - past.at < policy.windowMs).length;
  if (restarts >= policy.attemptsMax) {
    return fail(
      `${restarts} restarts within ${policy.windowMs / 1000} s did not help (restart.attemptsMax): ${failure.message}`,
    );
  }
  return { kind: 'restart', delayMs: deriveDelay(streakLength(history, policy, now), policy, chance) };
}

/** The history after a restart was decided: with this failure, without those that no rule looks at any more. */
export function recordRestart(
  history: SupervisionHistory,
  failure: ErrorReport,
  delayMs: DurationMs,
  policy: SupervisionPolicy,
  now: MonotonicMs,
): SupervisionHistory {
  const past: PastFailure = {
    at: now,
    delayMs,
    record: deriveRecordName(failure),
    wasStarting: isStartLoss(failure),
  };
  const keepMs = Math.max(policy.windowMs, policy.quietMs + policy.delayMaxMs);
  return [...history.filter((older) => now - older.at <= keepMs), past];
}

/** Names the record a report speaks of, from itself or its causes: `split 'a' offset 12` or `key 'k' at 'node'`. */
export function deriveRecordName(report: ErrorReport): string | undefined {
  for (let at: ErrorReport | undefined = report; at !== undefined; at = at.cause) {
    if (at.split !== undefined && at.offset !== undefined) return `split '${at.split}' offset ${at.offset}`;
    if (at.key !== undefined) return `key '${at.key}'${at.node === undefined ? '' : ` at '${at.node}'`}`;
  }
  return undefined;
}

function deriveDelay(streak: number, policy: SupervisionPolicy, chance: number): DurationMs {
  const full = Math.min(policy.delayMaxMs, policy.delayMs * 2 ** streak);
  return full * (1 - policy.jitterFraction * chance);
}

/** Failures before this one without a quiet generation in between. */
function streakLength(history: SupervisionHistory, policy: SupervisionPolicy, now: MonotonicMs): number {
  let streak = 0;
  let next = now;
  for (const past of [...history].reverse()) {
    const ranForMs = next - (past.at + past.delayMs);
    if (ranForMs >= policy.quietMs) break;
    streak++;
    next = past.at;
  }
  return streak;
}

function isStartLoss(report: ErrorReport): boolean {
  return report.code === ERR_WORKER_START;
}

function trailingStartLosses(history: SupervisionHistory): number {
  let losses = 0;
  while (losses < history.length && history[history.length - 1 - losses]!.wasStarting) losses++;
  return losses;
}

function fail(reason: string): SupervisionDecision {
  return { kind: 'fail', reason };
}

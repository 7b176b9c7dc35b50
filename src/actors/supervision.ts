/**
 * Decides what follows a failure: back to the last epoch after a while, or the end of the job (design decision 14). Pure.
 *
 * In order: an error that is certain to return ends the job at once; so do workers that never get ready, a failure that keeps
 * its place over restarts (`failure-site.ts`), and a spent budget; everything else restarts with exponential backoff.
 */
import type { DurationMs, Epoch, ErrorReport, MonotonicMs } from '../model/index.ts';
import { deriveSite, describeSite, type FailureSite } from './failure-site.ts';
import type { SupervisionPolicy } from './supervision-policy.ts';

/** Code of the loss of a worker that had not been ready yet. */
export const ERR_WORKER_START = 'ERR_WORKER_START' as const;

/** A failure that was answered with a restart. */
export interface PastFailure {
  readonly at: MonotonicMs;
  readonly delayMs: DurationMs;
  /** The newest epoch committed when it happened. */
  readonly committedEpoch: Epoch;
  readonly site: FailureSite;
  readonly wasStarting: boolean;
}

/** Oldest first. {@link recordRestart} keeps it short. */
export type SupervisionHistory = readonly PastFailure[];

export type SupervisionDecision =
  | { readonly kind: 'restart'; readonly delayMs: DurationMs }
  | { readonly kind: 'fail'; readonly reason: string };

/** What is decided about. */
export interface FailureAtHand {
  readonly report: ErrorReport;
  /** The newest committed epoch; 0 before the first. Two failures with the same one have no progress between them. */
  readonly committedEpoch: Epoch;
  readonly now: MonotonicMs;
}

/** `chance` in [0, 1), from an injected random source, shortens the delay by up to the policy's jitter. */
export function decideSupervision(
  failure: FailureAtHand,
  history: SupervisionHistory,
  policy: SupervisionPolicy,
  chance: number,
): SupervisionDecision {
  const { report, now } = failure;
  if (report.recovery === 'none') return fail(`a restart cannot help: ${report.message}`);

  const startLosses = isStartLoss(report) ? 1 + trailingStartLosses(history) : 0;
  if (startLosses >= policy.startLossesMax) {
    return fail(`${startLosses} workers in a row were lost before they were ready: ${report.message}`);
  }

  const poison = describePoison(failure, history, policy);
  if (poison !== undefined) return fail(poison);

  const restarts = history.filter((past) => now - past.at < policy.windowMs).length;
  if (restarts >= policy.attemptsMax) {
    return fail(
      `${restarts} restarts within ${policy.windowMs / 1000} s did not help (restart.attemptsMax): ${report.message}`,
    );
  }
  return { kind: 'restart', delayMs: deriveDelay(streakLength(history, policy, now), policy, chance) };
}

/** The history after a restart was decided: with this failure, without those that no rule looks at any more. */
export function recordRestart(
  history: SupervisionHistory,
  failure: FailureAtHand,
  delayMs: DurationMs,
  policy: SupervisionPolicy,
): SupervisionHistory {
  const { report, committedEpoch, now } = failure;
  const past: PastFailure = {
    at: now,
    delayMs,
    committedEpoch,
    site: deriveSite(report),
    wasStarting: isStartLoss(report),
  };
  const keepMs = Math.max(policy.windowMs, policy.quietMs + policy.delayMaxMs);
  return [...history.filter((older) => now - older.at <= keepMs), past];
}

/**
 * Why the failure is called poisonous; `undefined` when it is not. Split and offset name one record for ever. A key names many:
 * failures of a hot key are the same failure only where nothing was committed in between, so that all of them replayed the same
 * input. The same holds for the node of an error that depends on nothing but its input, which need not be seen a third time.
 */
function describePoison(
  { report, committedEpoch }: FailureAtHand,
  history: SupervisionHistory,
  policy: SupervisionPolicy,
): string | undefined {
  const site = deriveSite(report);
  const withoutProgress = history.filter((past) => past.committedEpoch === committedEpoch);
  const count = (pasts: SupervisionHistory, part: keyof FailureSite): number =>
    site[part] === undefined ? 0 : 1 + pasts.filter((past) => past.site[part] === site[part]).length;

  const certain = count(withoutProgress, 'certain');
  if (certain >= policy.certainAfter) {
    return `the same error came back ${certain === 2 ? 'after a restart' : `${certain} times`} with nothing committed in between (${describeSite(site)}), and depends on the input alone: ${report.message}`;
  }
  const atRecord = count(history, 'record');
  if (atRecord >= policy.poisonedAfter) {
    return `the same record (${site.record}) failed ${atRecord} times: ${report.message}. Correct it at its source, or the operator that refuses it`;
  }
  const atKey = count(withoutProgress, 'key');
  if (atKey >= policy.poisonedAfter) {
    return `the same key (${site.key}) failed ${atKey} times with nothing committed in between: ${report.message}. Correct its records at their source, or the operator that refuses them`;
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

/** What follows from the answer of one attempt of a task. Pure; the stage runner does it. */
import { assert, type ErrorRecovery } from '../model/index.ts';

/**
 * `win`: the task is done. `wait`: another attempt goes on. `retry`: a new attempt under a new claim. `give-up`: the task has
 * failed, and its batch with it. `ignore`: the answer is of no consequence.
 */
export type AnswerDecision = 'win' | 'wait' | 'retry' | 'give-up' | 'ignore';

export interface AnswerSituation {
  readonly answer: 'done' | 'superseded' | 'failed';
  /** Of a failure; `none` gives up at once, for it would fail again or must not be repeated. */
  readonly recovery: ErrorRecovery | undefined;
  /** Whether the attempt could still win: the claim it was given is the one that counts now. */
  readonly isCurrent: boolean;
  readonly claimHolder: 'self' | 'other' | 'nobody';
  /** Other attempts that run under the claim that counts. */
  readonly othersRunning: number;
  /** Failures of the task, this one included. */
  readonly failures: number;
  readonly attemptsMax: number;
  /** What the holder of the claim writes is seen at once (an `immediate` sink): only a new generation makes it void. */
  readonly isSeenAtOnce: boolean;
}

/**
 * A failure is made good by an attempt that runs anyway, if that one can still win: not when the failed one holds the claim.
 * Whoever runs under a claim whose holder failed will find itself superseded, and its answer is ignored.
 */
export function decideAnswer(situation: AnswerSituation): AnswerDecision {
  const { answer, recovery, isCurrent, claimHolder, othersRunning, failures, attemptsMax } = situation;
  const retry = situation.isSeenAtOnce && claimHolder !== 'nobody' ? 'give-up' : 'retry';
  switch (answer) {
    case 'done':
      assert(
        isCurrent && claimHolder === 'self',
        'I4: a task is done by the attempt that holds its claim, and by no other',
      );
      return 'win';
    case 'superseded':
      assert(claimHolder !== 'nobody', 'an attempt was superseded, and nobody has its claim');
      if (!isCurrent) return 'ignore';
      // Nobody else: an attempt that was given up, its thread being ended, took the claim in its last moments.
      return othersRunning > 0 ? 'wait' : retry;
    case 'failed':
      if (recovery === 'none') return 'give-up';
      if (!isCurrent) return 'ignore';
      if (failures >= attemptsMax) return 'give-up';
      return claimHolder !== 'self' && othersRunning > 0 ? 'wait' : retry;
  }
}

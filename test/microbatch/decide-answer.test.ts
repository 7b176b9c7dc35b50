import { describe, expect, it } from 'vitest';
import { type AnswerDecision, type AnswerSituation, decideAnswer } from '../../src/microbatch/decide-answer.ts';

const FAILED: AnswerSituation = {
  answer: 'failed',
  recovery: 'restart',
  isCurrent: true,
  claimHolder: 'nobody',
  othersRunning: 0,
  failures: 1,
  attemptsMax: 4,
  isSeenAtOnce: false,
};

describe('the answer of an attempt', () => {
  it.each<[string, Partial<AnswerSituation>, AnswerDecision]>([
    ['a result', { answer: 'done', claimHolder: 'self' }, 'win'],
    ['a result, with others still running', { answer: 'done', claimHolder: 'self', othersRunning: 1 }, 'win'],
    ['superseded by one that runs', { answer: 'superseded', claimHolder: 'other', othersRunning: 1 }, 'wait'],
    ['superseded by one that was given up', { answer: 'superseded', claimHolder: 'other' }, 'retry'],
    ['superseded under an old claim', { answer: 'superseded', claimHolder: 'other', isCurrent: false }, 'ignore'],
    ['a failure', {}, 'retry'],
    ['a failure with the claim', { claimHolder: 'self' }, 'retry'],
    ['a failure with the claim, while another can no longer win', { claimHolder: 'self', othersRunning: 1 }, 'retry'],
    ['a failure while another can win', { othersRunning: 1 }, 'wait'],
    ['a failure while another has the claim', { claimHolder: 'other', othersRunning: 1 }, 'wait'],
    ['a failure behind one that was given up with the claim', { claimHolder: 'other' }, 'retry'],
    ['a failure under an old claim', { isCurrent: false, claimHolder: 'other' }, 'ignore'],
    ['the last failure but one', { failures: 3 }, 'retry'],
    ['the last failure', { failures: 4 }, 'give-up'],
    ['the last failure, while another runs', { failures: 4, othersRunning: 1 }, 'give-up'],
    ['a failure that would come again', { recovery: 'none' }, 'give-up'],
    ['a failure that would come again, under an old claim', { recovery: 'none', isCurrent: false }, 'give-up'],
    ['a failure outside', { recovery: 'backoff' }, 'retry'],
    ['a failure before anything was seen', { isSeenAtOnce: true }, 'retry'],
    ['a failure behind what was seen', { isSeenAtOnce: true, claimHolder: 'self' }, 'give-up'],
    ['a failure behind what another let be seen', { isSeenAtOnce: true, claimHolder: 'other' }, 'give-up'],
    [
      'a failure while another lets things be seen',
      { isSeenAtOnce: true, claimHolder: 'other', othersRunning: 1 },
      'wait',
    ],
    [
      'superseded by one that was given up when things were seen',
      { answer: 'superseded', claimHolder: 'other', isSeenAtOnce: true },
      'give-up',
    ],
  ])('%s', (_case, situation, decision) => {
    expect(decideAnswer({ ...FAILED, ...situation })).toBe(decision);
  });

  it.each<[string, Partial<AnswerSituation>]>([
    ['a result without the claim', { answer: 'done', claimHolder: 'other', othersRunning: 1 }],
    ['a result under an old claim', { answer: 'done', claimHolder: 'self', isCurrent: false }],
    ['superseded by nobody', { answer: 'superseded', claimHolder: 'nobody' }],
  ])('%s is a bug', (_case, situation) => {
    expect(() => decideAnswer({ ...FAILED, ...situation })).toThrow('This is a bug in Millrace');
  });
});

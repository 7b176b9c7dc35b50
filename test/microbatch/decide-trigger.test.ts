import { describe, expect, it } from 'vitest';
import {
  beginTrigger,
  decideBatch,
  decideTurn,
  deriveCommitted,
  deriveEnd,
  limitsOf,
  type TriggerOptions,
  type TriggerState,
} from '../../src/microbatch/decide-trigger.ts';
import type { PlannedBatch, SurveyedSources } from '../../src/microbatch/plan-batch.ts';
import type { BatchPlan } from '../../src/model/index.ts';

const ASAP: TriggerOptions = { trigger: 'as-soon-as-possible', intervalMs: 0 };
const EVERY_10: TriggerOptions = { trigger: 'interval', intervalMs: 10 };
const AVAILABLE_NOW: TriggerOptions = { trigger: 'available-now', intervalMs: 0 };
const ONCE: TriggerOptions = { trigger: 'once', intervalMs: 0 };

const PLAN = { epoch: 1 } as BatchPlan;
const SURVEYS: SurveyedSources = { in: { a: { until: 7, isEmpty: false, isEnd: false } } };
const LIMITS = { records: 5, bytes: 6 };
const INFINITY = Number.POSITIVE_INFINITY;

type Planned = Pick<PlannedBatch, 'plan' | 'hasMore' | 'isEnd'>;
const SOME: Planned = { plan: PLAN, hasMore: false, isEnd: false };
const MUCH: Planned = { plan: PLAN, hasMore: true, isEnd: false };
const LAST: Planned = { plan: PLAN, hasMore: false, isEnd: true };
const NOTHING: Planned = { plan: undefined, hasMore: false, isEnd: false };
const ENDED: Planned = { plan: undefined, hasMore: false, isEnd: true };

/** The state after a turn that was taken at `now`. */
function turnAt(options: TriggerOptions, state: TriggerState, now: number): TriggerState {
  const { step, state: next } = decideTurn(options, state, now);
  expect(step).toEqual({ kind: 'survey' });
  return next;
}

describe('as soon as possible', () => {
  it('looks at once, whenever the last batch ended', () => {
    const state = deriveCommitted(turnAt(ASAP, beginTrigger(), 1000));

    expect(decideTurn(ASAP, state, 1000).step).toEqual({ kind: 'survey' });
  });

  it('runs what there is, and waits as long as the sources say when there is nothing', () => {
    const state = beginTrigger();

    expect(decideBatch(ASAP, state, SOME, 5, 100)).toEqual({ kind: 'run', stop: undefined });
    expect(decideBatch(ASAP, state, MUCH, 5, 100)).toEqual({ kind: 'run', stop: undefined });
    expect(decideBatch(ASAP, state, NOTHING, 5, 100)).toEqual({ kind: 'wait', forMs: 100 });
    expect(decideBatch(ASAP, state, NOTHING, 5, INFINITY)).toEqual({ kind: 'wait', forMs: INFINITY });
  });

  it('does not spin when a source with nothing wants to be asked at once', () => {
    expect(decideBatch(ASAP, beginTrigger(), NOTHING, 5, -3)).toEqual({ kind: 'wait', forMs: 1 });
  });

  it('ends when the sources do, with the batch that reads their ends if there is one', () => {
    expect(decideBatch(ASAP, beginTrigger(), LAST, 5, INFINITY)).toEqual({ kind: 'run', stop: 'complete' });
    expect(decideBatch(ASAP, beginTrigger(), ENDED, 5, INFINITY)).toEqual({ kind: 'finish', stop: 'complete' });
  });

  it('freezes no end', () => {
    expect(deriveEnd(ASAP, beginTrigger(), SURVEYS).end).toBeUndefined();
  });
});

describe('an interval', () => {
  it('starts at once, then at multiples of itself on the wall clock', () => {
    const state = turnAt(EVERY_10, beginTrigger(), 1003);

    expect(decideTurn(EVERY_10, state, 1004)).toEqual({ step: { kind: 'wait', forMs: 6 }, state });
    expect(decideTurn(EVERY_10, state, 1009.5).step).toEqual({ kind: 'wait', forMs: 0.5 });
    expect(turnAt(EVERY_10, state, 1010).dueAt).toBe(1020);
  });

  it('that begins on a boundary leads to the next one', () => {
    expect(turnAt(EVERY_10, beginTrigger(), 1000).dueAt).toBe(1010);
  });

  it('that a batch overran is followed by the next at once, and missed boundaries are not made up', () => {
    const begun = turnAt(EVERY_10, beginTrigger(), 1001);

    const late = turnAt(EVERY_10, begun, 1037);

    expect(late.dueAt).toBe(1040);
    expect(decideTurn(EVERY_10, late, 1038).step).toEqual({ kind: 'wait', forMs: 2 });
  });

  it('without data waits for the next boundary, or for the first one at which a source may have something', () => {
    const state = turnAt(EVERY_10, beginTrigger(), 1001);

    expect(decideBatch(EVERY_10, state, NOTHING, 1002, 3)).toEqual({ kind: 'wait', forMs: 8 });
    expect(decideBatch(EVERY_10, state, NOTHING, 1002, 8)).toEqual({ kind: 'wait', forMs: 8 });
    expect(decideBatch(EVERY_10, state, NOTHING, 1002, 25)).toEqual({ kind: 'wait', forMs: 28 });
    expect(decideBatch(EVERY_10, state, NOTHING, 1002, 28)).toEqual({ kind: 'wait', forMs: 28 });
    expect(decideBatch(EVERY_10, state, NOTHING, 1002, INFINITY)).toEqual({ kind: 'wait', forMs: INFINITY });
  });

  it('begins anew when the wall clock was set back: what is due then is no further off than the interval', () => {
    const state = turnAt(EVERY_10, beginTrigger(), 3_600_001);

    const again = turnAt(EVERY_10, state, 7);

    expect(again.dueAt).toBe(10);
    expect(decideTurn(EVERY_10, again, 8)).toEqual({ step: { kind: 'wait', forMs: 2 }, state: again });
  });

  it('keeps its pace with a backlog', () => {
    const state = deriveCommitted(turnAt(EVERY_10, beginTrigger(), 1001));

    expect(decideBatch(EVERY_10, state, MUCH, 1002, 0)).toEqual({ kind: 'run', stop: undefined });
    expect(decideTurn(EVERY_10, state, 1003).step).toEqual({ kind: 'wait', forMs: 7 });
  });

  it('ends when the sources do', () => {
    expect(decideBatch(EVERY_10, beginTrigger(), ENDED, 5, INFINITY)).toEqual({ kind: 'finish', stop: 'complete' });
  });
});

describe('available now', () => {
  it('freezes the end at its first survey, for all batches and generations of the run', () => {
    const first = deriveEnd(AVAILABLE_NOW, beginTrigger(), SURVEYS);
    const later = deriveEnd(AVAILABLE_NOW, deriveCommitted(first), {
      in: { a: { until: 99, isEmpty: false, isEnd: false } },
    });

    expect(first.end).toEqual({ in: { a: 7 } });
    expect(later.end).toEqual({ in: { a: 7 } });
  });

  it('runs batches within the limits until nothing is left before the end', () => {
    const state = deriveEnd(AVAILABLE_NOW, beginTrigger(), SURVEYS);

    expect(limitsOf(AVAILABLE_NOW, LIMITS)).toEqual(LIMITS);
    expect(decideBatch(AVAILABLE_NOW, state, MUCH, 5, 0)).toEqual({ kind: 'run', stop: undefined });
    expect(decideTurn(AVAILABLE_NOW, deriveCommitted(state), 6).step).toEqual({ kind: 'survey' });
    expect(decideBatch(AVAILABLE_NOW, state, SOME, 5, 0)).toEqual({ kind: 'run', stop: 'drain' });
  });

  it('is complete only where the sources have ended', () => {
    expect(decideBatch(AVAILABLE_NOW, beginTrigger(), LAST, 5, 0)).toEqual({ kind: 'run', stop: 'complete' });
    expect(decideBatch(AVAILABLE_NOW, beginTrigger(), NOTHING, 5, 0)).toEqual({ kind: 'finish', stop: 'drain' });
    expect(decideBatch(AVAILABLE_NOW, beginTrigger(), ENDED, 5, 0)).toEqual({ kind: 'finish', stop: 'complete' });
  });
});

describe('once', () => {
  it('is one batch of everything', () => {
    const state = deriveEnd(ONCE, beginTrigger(), SURVEYS);

    expect(state.end).toEqual({ in: { a: 7 } });
    expect(limitsOf(ONCE, LIMITS)).toEqual({ records: INFINITY, bytes: INFINITY });
    expect(decideBatch(ONCE, state, SOME, 5, 0)).toEqual({ kind: 'run', stop: 'drain' });
    expect(decideBatch(ONCE, state, LAST, 5, 0)).toEqual({ kind: 'run', stop: 'complete' });
    expect(decideTurn(ONCE, deriveCommitted(state), 6).step).toEqual({ kind: 'finish', stop: 'drain' });
  });

  it('ends without a batch when there is nothing', () => {
    expect(decideBatch(ONCE, beginTrigger(), NOTHING, 5, 0)).toEqual({ kind: 'finish', stop: 'drain' });
  });

  it('is done behind a batch that was planned before a crash', () => {
    const replayed = deriveCommitted(beginTrigger());

    expect(decideTurn(ONCE, replayed, 6).step).toEqual({ kind: 'finish', stop: 'drain' });
  });
});

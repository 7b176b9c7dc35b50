import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FOLD_POLICY_DEFAULTS, resolveFoldPolicy } from '../../src/storage/fold-policy.ts';
import { type FoldFacts, planFold } from '../../src/storage/plan-fold.ts';
import { planRetention } from '../../src/storage/plan-retention.ts';

const POLICY = { retainEpochs: 2, foldEveryEpochs: 3, foldBytes: 100 };

function facts(foldedThrough: number, bytes: readonly number[], target?: number): FoldFacts {
  const unfolded = bytes.map((size, index) => ({ epoch: foldedThrough + 1 + index, bytes: size }));
  return { foldedThrough, target, latest: foldedThrough + bytes.length, unfolded };
}

describe('planFold', () => {
  it('folds nothing in a new directory', () => {
    expect(planFold(facts(0, []), POLICY)).toBeUndefined();
  });

  it.each([
    ['too few epochs may be folded', [1, 1, 1], undefined],
    ['enough epochs may be folded', [1, 1, 1, 1], 3],
    ['few epochs are large', [100, 1], 1],
    ['the retained epochs do not count as large', [1, 1000], undefined],
    ['a fold takes no more than its bytes', [60, 60, 60, 1], 1],
    ['a fold takes at least one epoch, however large', [5000, 1, 1, 1], 1],
    ['epochs without changes are folded too', [0, 0, 0, 0], 3],
  ])('when %s', (_case, bytes, expected) => {
    expect(planFold(facts(0, bytes), POLICY)).toBe(expected);
  });

  it('finishes a fold that was begun before it looks at anything else', () => {
    expect(planFold(facts(4, [1, 1, 1], 6), POLICY)).toBe(6);
  });

  it('never goes beyond the oldest retained epoch, never back, and ends when it is repeated (I6)', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 50 }),
        fc.array(fc.nat({ max: 200 }), { maxLength: 20 }),
        fc.record({
          retainEpochs: fc.integer({ min: 2, max: 5 }),
          foldEveryEpochs: fc.integer({ min: 1, max: 6 }),
          foldBytes: fc.integer({ min: 1, max: 300 }),
        }),
        (foldedThrough, bytes, policy) => {
          let now = facts(foldedThrough, bytes);
          for (let folds = 0; ; folds++) {
            expect(folds).toBeLessThanOrEqual(bytes.length);
            const through = planFold(now, policy);
            if (through === undefined) break;
            expect(through).toBeGreaterThan(now.foldedThrough);
            expect(through).toBeLessThanOrEqual(now.latest - policy.retainEpochs + 1);
            now = facts(through, bytes.slice(through - foldedThrough));
          }
          const allowed = now.unfolded.slice(0, Math.max(0, now.unfolded.length - policy.retainEpochs + 1));
          expect(allowed.length).toBeLessThan(policy.foldEveryEpochs);
        },
      ),
    );
  });
});

describe('resolveFoldPolicy', () => {
  it('makes a fold due before its owner has to wait for one', () => {
    const unfolded = [1, 2, 3, 4].map((epoch) => ({ epoch, bytes: 1000 }));
    const facts: FoldFacts = { foldedThrough: 0, target: undefined, latest: 4, unfolded };

    expect(planFold(facts, resolveFoldPolicy({}))).toBeUndefined();
    expect(planFold(facts, resolveFoldPolicy({ unfoldedBytesMax: 6000 }))).toBe(2);
    expect(resolveFoldPolicy({ unfoldedBytesMax: 2 ** 40 })).toEqual(FOLD_POLICY_DEFAULTS);
  });
});

describe('planRetention', () => {
  it.each([
    ['a new directory', { latest: 0, committing: 1, foldedThrough: 0, retainEpochs: 2 }, [1, 0, 0]],
    ['the second epoch', { latest: 1, committing: 2, foldedThrough: 0, retainEpochs: 2 }, [1, 0, 1]],
    ['the third epoch', { latest: 2, committing: 3, foldedThrough: 1, retainEpochs: 2 }, [2, 1, 2]],
    ['a fold between epochs', { latest: 9, committing: undefined, foldedThrough: 7, retainEpochs: 3 }, [7, 7, 9]],
  ])('keeps the newest manifests and the unfolded deltas in %s', (_case, given, [manifests, deltas, leftovers]) => {
    expect(planRetention(given)).toEqual({
      manifestsBelow: manifests,
      deltasThrough: deltas,
      leftoversAbove: leftovers,
    });
  });

  it('keeps every delta that a retained epoch needs (I6)', () => {
    fc.assert(
      fc.property(fc.nat({ max: 30 }), fc.nat({ max: 30 }), fc.integer({ min: 2, max: 5 }), (latest, lag, retain) => {
        const foldedThrough = Math.max(0, latest - retain + 1 - lag);

        const plan = planRetention({ latest, committing: undefined, foldedThrough, retainEpochs: retain });

        expect(plan.deltasThrough).toBeLessThanOrEqual(foldedThrough);
        expect(plan.manifestsBelow).toBeLessThanOrEqual(Math.max(1, latest));
        expect(plan.leftoversAbove).toBe(latest);
      }),
    );
  });
});

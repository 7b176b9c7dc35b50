import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareFairly } from '../../src/microbatch/share-fairly.ts';
import '../support/property-seed.ts';

const INFINITY = Number.POSITIVE_INFINITY;

describe('fair shares', () => {
  it.each<[string, readonly number[], number, number, readonly number[]]>([
    ['of nobody', [], 5, 0, []],
    ['without a limit are the needs', [3, INFINITY], INFINITY, 0, [3, INFINITY]],
    ['of a limit that suffices are the needs', [3, 4], 7, 0, [3, 4]],
    ['are equal where all need much', [90, INFINITY, 90], 30, 0, [10, 10, 10]],
    ['of who needs little go to the others', [2, 100, 100], 30, 0, [2, 14, 14]],
    ['of who needs little go to the others, again and again', [1, 5, 100, 9], 24, 0, [1, 5, 9, 9]],
    ['that cannot be equal differ by one', [9, 9, 9], 8, 0, [3, 3, 2]],
    ['that cannot be equal begin at the first', [9, 9, 9], 8, 2, [3, 2, 3]],
    ['of less than one for each are one for some', [9, 9, 9, 9], 2, 3, [1, 0, 0, 1]],
  ])('%s', (_case, needs, limit, first, shares) => {
    expect(shareFairly(needs, limit, first)).toEqual(shares);
  });

  it('use all of the limit that is needed, give nobody more than it needs, and nobody less than another who needs as much', () => {
    const need = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constant(INFINITY));

    fc.assert(
      fc.property(
        fc.array(need, { minLength: 1 }),
        fc.integer({ min: 1, max: 500 }),
        fc.nat(),
        (needs, limit, first) => {
          const shares = shareFairly(needs, limit, first % needs.length);

          const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
          expect(sum(shares)).toBe(Math.min(limit, sum(needs)));
          for (const [index, share] of shares.entries()) {
            expect(share).toBeLessThanOrEqual(needs[index]!);
            if (share === needs[index]) continue;
            // Whoever goes short has at least what anybody else got, but for what cannot be divided.
            expect(share).toBeGreaterThanOrEqual(Math.max(...shares) - 1);
          }
        },
      ),
    );
  });
});

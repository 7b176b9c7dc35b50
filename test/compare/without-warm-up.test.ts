import { expect, it } from 'vitest';
import { withoutWarmUp } from '../../src/compare/without-warm-up.ts';

it('leaves out what was due before, however late it was measured', () => {
  // Heard at 5,000 ms, hence measured from 4,800 ms on: what took 3,800 ms or less was due from 1,000 ms on.
  const part = [100, 7, 3_800_000, 2, 3_800_001, 1, 4_500_000, 9];

  expect(withoutWarmUp(part, 5000, 1000)).toEqual([100, 7, 3_800_000, 2]);
});

it('leaves out everything that may have been measured in the warm-up itself', () => {
  expect(withoutWarmUp([1, 5, 150_000, 3], 1200, 1000)).toEqual([]);
  expect(withoutWarmUp([1, 5, 150_000, 3], 1201, 1000)).toEqual([1, 5]);
});
